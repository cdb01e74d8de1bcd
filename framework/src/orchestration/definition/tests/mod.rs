//! What documents mean, and what is wrong with them.
