//! Tells the C library's allocator to give large blocks back to the operating system.

/// From here on a block is mapped for itself, and unmapped when it is freed; in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1024 * 1024;

/// Left to itself, glibc moves that border up to 32 MiB as soon as a block as large was freed once, a request's body for
/// example. From then on such blocks come from the heaps of the threads, which are hardly ever made smaller: a server
/// that took a few large bodies would keep their memory for good (mallopt(3), M_MMAP_THRESHOLD).
///
/// To be called before there are threads. Other C libraries do without.
pub fn give_large_blocks_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of the C library that has no other form; it takes two numbers")]
    // SAFETY: only mallopt itself isn't safe to be called by two threads at once, and there is one yet. Where it refuses,
    // the allocator stays as it is.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        // Set along with it, as glibc itself does: else 128 KiB, which heaps of a busy server would be cut to over and over.
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * LARGE);
    }
}
