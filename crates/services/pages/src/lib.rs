//! Links, sites and documents.
