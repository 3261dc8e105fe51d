//! Renders documents and their components.
