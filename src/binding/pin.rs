//! Keeps the addon's image mapped until the process ends.
//!
//! A worker may be the only thread that loads the addon; when its environment goes, Node unloads the
//! image while other threads (and this thread's destructors) may still run code in it.

/// Pin the image that holds this function. Idempotent; failure leaves things as they were.
#[cfg(unix)]
pub fn pin_image() {
    // SAFETY: `dladdr` gets the address of a function of ours and memory for its answer; the path
    // it returns stays valid while the image is mapped; the handle is leaked on purpose.
    unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        let address = pin_image as *const () as *const libc::c_void;
        if libc::dladdr(address, &raw mut info) != 0 && !info.dli_fname.is_null() {
            libc::dlopen(
                info.dli_fname,
                libc::RTLD_NOW | libc::RTLD_NODELETE | libc::RTLD_NOLOAD,
            );
        }
    }
}

/// Pin the image that holds this function. Idempotent; failure leaves things as they were.
#[cfg(windows)]
pub fn pin_image() {
    const FROM_ADDRESS: u32 = 4;
    const PIN: u32 = 1;
    unsafe extern "system" {
        fn GetModuleHandleExW(
            flags: u32,
            name: *const u16,
            module: *mut *mut std::ffi::c_void,
        ) -> i32;
    }
    let mut module = std::ptr::null_mut();
    let address = pin_image as *const () as *const u16;
    // SAFETY: with FROM_ADDRESS the name is an address inside the module.
    unsafe { GetModuleHandleExW(FROM_ADDRESS | PIN, address, &raw mut module) };
}
