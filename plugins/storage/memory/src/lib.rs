//! Document storage in memory
