//! What is done every now and then: API Gateway is read again, and what was left half done is ended.

mod reattach;
mod reconcile;
mod refresh;
mod relink;
mod sweep;
