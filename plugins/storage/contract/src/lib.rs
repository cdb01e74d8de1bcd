//! The contract of document storage: JSON documents under string keys in collections
