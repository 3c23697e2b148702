//! V8's code for the package's JavaScript, kept by the thread that compiled it for those that start later
//! (`lib/program.ts`).

use std::sync::OnceLock;

use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;

use super::ports::Binding;
use crate::channel::secret;

struct Program {
    /// Who inherits it may trust the code.
    read_key: String,
    /// Who has it may leave the code.
    write_key: String,
    /// The text, and V8's code for it.
    kept: OnceLock<(Vec<u8>, Vec<u8>)>,
}

static PROGRAM: OnceLock<Program> = OnceLock::new();

#[napi]
impl Binding {
    /// Two keys for the first thread that asks: workers find the code under the first, and the second is to keep it. A thread
    /// must not run what another one than its parent, or a parent of that, has left here.
    #[napi]
    pub fn reserve_program() -> Option<Vec<String>> {
        let program = Program {
            read_key: secret(),
            write_key: secret(),
            kept: OnceLock::new(),
        };
        let keys = vec![program.read_key.clone(), program.write_key.clone()];
        PROGRAM.set(program).ok().map(|()| keys)
    }

    /// Keep V8's code for `source`. The first call counts.
    #[napi]
    pub fn keep_program(write_key: String, source: &[u8], code: &[u8]) {
        let program = PROGRAM
            .get()
            .filter(|program| program.write_key == write_key);
        if let Some(Program { kept, .. }) = program {
            kept.get_or_init(|| (source.to_vec(), code.to_vec()));
        }
    }

    /// A copy of the kept code; null unless it was kept for this very text, which V8 does not compare.
    #[napi]
    pub fn program_code<'a>(
        env: &'a Env,
        read_key: String,
        source: &[u8],
    ) -> Result<Option<BufferSlice<'a>>> {
        let program = PROGRAM.get().filter(|program| program.read_key == read_key);
        let kept = program.and_then(|program| program.kept.get());
        kept.filter(|(text, _)| text == source)
            .map(|(_, code)| BufferSlice::copy_from(env, code))
            .transpose()
    }
}
