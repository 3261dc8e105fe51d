//! Shared state of a site that its keepers decide about by majority.
