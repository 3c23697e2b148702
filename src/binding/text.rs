//! Texts on their way out of V8: into a lane, or into a queue.

use std::ptr;

use napi::sys;

use super::entry::OK;
use super::layout::tx;

/// Longest text, in bytes, that is written into the lane itself, or goes by the scratch of a thread. A longer one gets a
/// recycled block: fresh memory of that size costs more to touch than the copy.
pub const LONGEST_SHORT: usize = 32 << 10;

/// More units than a text of V8 can have, and so few that their bytes can be counted anywhere.
const MOST_UNITS: usize = 1 << 30;

/// A text of the running call.
pub struct Text<'a> {
    content: Content<'a>,
    /// UTF-16; else Latin-1.
    pub wide: bool,
    /// Its bytes in that encoding, without a terminator.
    pub bytes: usize,
}

enum Content<'a> {
    /// Its units, already copied.
    Short(&'a [u16]),
    /// The value, and its length in units.
    Long(sys::napi_value, usize),
}

impl<'a> Text<'a> {
    pub const NONE: Text<'static> = Text {
        content: Content::Short(&[]),
        wide: false,
        bytes: 0,
    };

    /// `units` and `wide` are TEXT and WIDE of the words. A short text is copied to `short`. `None` if they are wrong.
    ///
    /// # Safety
    /// `value` is a value of the running call.
    pub unsafe fn new(
        env: sys::napi_env,
        value: sys::napi_value,
        units: i32,
        wide: i32,
        short: &'a mut [u16],
    ) -> Option<Text<'a>> {
        let units = usize::try_from(units)
            .ok()
            .filter(|&units| units < MOST_UNITS)?;
        let (content, wide) = if wide == tx::UNKNOWN {
            let target = short.get_mut(..=units)?;
            // SAFETY: the caller's clause; there is room for `units` units and the terminator.
            unsafe { read_text(env, value, true, units, target.as_mut_ptr().cast())? };
            let copy = &target[..units];
            let wide = copy.iter().fold(0, |all, unit| all | unit) > 0xff;
            (Content::Short(copy), wide)
        } else {
            (Content::Long(value, units), wide != 0)
        };
        Some(Text {
            content,
            wide,
            bytes: units << u32::from(wide),
        })
    }

    /// Copies it. `None` if it is not as long as was said.
    ///
    /// # Safety
    /// In the call that made it. `target` has room for the text and a terminator, and is aligned for its units.
    pub unsafe fn write(&self, env: sys::napi_env, target: *mut u8) -> Option<()> {
        match self.content {
            Content::Short(units) if self.wide => {
                // SAFETY: the caller's clause.
                unsafe { ptr::copy_nonoverlapping(units.as_ptr(), target.cast(), units.len()) };
                Some(())
            }
            Content::Short(units) => {
                for (index, unit) in units.iter().enumerate() {
                    // SAFETY: the caller's clause.
                    unsafe { target.add(index).write(*unit as u8) };
                }
                Some(())
            }
            // SAFETY: the caller's clause.
            Content::Long(value, units) => unsafe {
                read_text(env, value, self.wide, units, target)
            },
        }
    }

    /// The value and its length in units, if nothing was copied yet.
    pub fn long(&self) -> Option<(sys::napi_value, usize)> {
        match self.content {
            Content::Short(_) => None,
            Content::Long(value, units) => Some((value, units)),
        }
    }
}

/// Copy exactly `units` units of `text`, and a terminator.
///
/// # Safety
/// `text` is a value of the running call. `target` has room for `units + 1` units, and is aligned for them.
pub unsafe fn read_text(
    env: sys::napi_env,
    text: sys::napi_value,
    wide: bool,
    units: usize,
    target: *mut u8,
) -> Option<()> {
    let mut copied = 0;
    // SAFETY: the caller's clause; the size argument counts the terminator.
    let status = unsafe {
        if wide {
            sys::napi_get_value_string_utf16(env, text, target.cast(), units + 1, &raw mut copied)
        } else {
            sys::napi_get_value_string_latin1(env, text, target.cast(), units + 1, &raw mut copied)
        }
    };
    (status == OK && copied == units).then_some(())
}
