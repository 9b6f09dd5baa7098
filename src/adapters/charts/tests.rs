//! The adapter against servers, over real sockets.

mod copies;
mod credentials;
mod fetching;
mod home;
mod oci;
