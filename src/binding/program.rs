//! V8's code for the package's JavaScript, kept by the thread that compiled it for those that start later
//! (`lib/program.ts`).

use std::sync::OnceLock;

use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;

use super::ports::Binding;

struct Program {
    source: Vec<u8>,
    code: Vec<u8>,
}

static PROGRAM: OnceLock<Program> = OnceLock::new();

#[napi]
impl Binding {
    /// Keep V8's code for `source`. The first call counts.
    #[napi]
    pub fn keep_program(source: &[u8], code: &[u8]) {
        PROGRAM.get_or_init(|| Program {
            source: source.to_vec(),
            code: code.to_vec(),
        });
    }

    /// A copy of the kept code; null unless it was kept for this very text, which V8 does not compare.
    #[napi]
    pub fn program_code<'a>(env: &'a Env, source: &[u8]) -> Result<Option<BufferSlice<'a>>> {
        let kept = PROGRAM.get().filter(|program| program.source == source);
        kept.map(|program| BufferSlice::copy_from(env, &program.code))
            .transpose()
    }
}
