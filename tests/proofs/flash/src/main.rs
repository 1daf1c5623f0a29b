//! Reaches all of core from a program without an operating system, with an allocator that only takes and a panic that stops.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use evergrant::base::http::HttpResponse;
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};

const SIZE: usize = 64 * 1024;

/// Gives out memory and never takes it back.
struct Bump {
    memory: UnsafeCell<[u8; SIZE]>,
    taken: AtomicUsize,
}

// SAFETY: every block is given out once.
unsafe impl Sync for Bump {}

// SAFETY: blocks lie in `memory`, aligned, and no two overlap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.memory.get() as usize;
        let taken = self.taken.load(Ordering::Relaxed);
        let start = (base + taken).next_multiple_of(layout.align()) - base;
        let Some(end) = start.checked_add(layout.size()).filter(|end| *end <= SIZE) else {
            return core::ptr::null_mut();
        };
        self.taken.store(end, Ordering::Relaxed);
        (base + start) as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: Bump = Bump {
    memory: UnsafeCell::new([0; SIZE]),
    taken: AtomicUsize::new(0),
};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Never run: it is here so that the linker keeps what an application would use.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let called = evergrant::messages::call(black_box("begin"), black_box("{}"));
    black_box(called.is_ok());
    if let Ok(client) = Client::from_json(black_box("{}")) {
        let now = Now {
            wall: black_box(1),
            steady: black_box(1),
        };
        let token = ServiceToken::new(client, Vec::new());
        let command = ServiceTokenCommand::Obtain {
            min_life: Duration::ZERO,
        };
        let mut work = token.work(command, now, black_box([0; 32]));
        let (id, _) = work.step();
        let answer = HttpResponse::new(black_box(200), Vec::new(), Vec::new());
        black_box(work.answer(id, now, Input::Answer(answer)).is_ok());
        black_box(work.service_token().token(now, Duration::ZERO).is_some());
    }
    loop {}
}
