//! The contract of reports: figures as a table, JSON and HTML
