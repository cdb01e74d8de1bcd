//! Reports as a terminal table, JSON and one HTML page with plots
