//! A family whose admins admit agents.
