//! The memory of a component: small blocks are kept for the next of their size.
//!
//! A call makes some dozens of short texts and drops them again. A general allocator looks for the best place for each
//! of them and joins it with its neighbours afterwards, which is a quarter of an adapter's time.
//!
//! # Promises
//!
//! - A block has the size and alignment that was asked for, and is nobody else's until it is given back.
//! - Small blocks that were given back are used again for blocks of their size alone: a component keeps at most the
//!   most that it ever had of each size.

#![expect(
    unsafe_code,
    reason = "an allocator is; a mistake here reaches no further than the component's own memory"
)]

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::Cell,
    ptr,
};

/// By how many bytes sizes differ.
const STEP: usize = 16;

/// Sizes that are kept: up to 512 bytes, which the fields of an ordinary reading take.
const SIZES: usize = 32;

/// What every block is aligned to.
const ALIGN: usize = 8;

/// Keeps small blocks; the others are `L`'s.
pub(crate) struct Heap<L> {
    large: L,
    /// The first free block of each size. It holds where the next one is.
    free: [Cell<*mut u8>; SIZES],
}

// SAFETY: a component has one thread.
unsafe impl<L: Sync> Sync for Heap<L> {}

impl<L> Heap<L> {
    pub(crate) const fn new(large: L) -> Self {
        Self { large, free: [const { Cell::new(ptr::null_mut()) }; SIZES] }
    }

    /// Where the free blocks for this layout are, and the layout that these have. `None` if it is not small.
    fn small(&self, layout: Layout) -> Option<(&Cell<*mut u8>, Layout)> {
        let size = layout.size().checked_next_multiple_of(STEP)?;
        let free = self.free.get((size / STEP).checked_sub(1)?)?;
        let block = Layout::from_size_align(size, ALIGN).ok()?;
        (layout.align() <= ALIGN).then_some((free, block))
    }
}

// SAFETY: each method hands on what its caller promised, or a block that `large` gave for a layout which holds the
// caller's and that nobody has, because it came off the list of free ones.
unsafe impl<L: GlobalAlloc> GlobalAlloc for Heap<L> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((free, block)) = self.small(layout) else {
            // SAFETY: as promised to us.
            return unsafe { self.large.alloc(layout) };
        };
        let first = free.get();
        if first.is_null() {
            // SAFETY: its size is not 0.
            return unsafe { self.large.alloc(block) };
        }
        // SAFETY: a free block has room for a pointer, is aligned for it, and holds one since `dealloc`.
        free.set(unsafe { first.cast::<*mut u8>().read() });
        first
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((free, _)) = self.small(layout) else {
            // SAFETY: as promised to us, and `alloc` asked `large` for a block of this layout.
            return unsafe { self.large.dealloc(block, layout) };
        };
        // SAFETY: the block is 16 bytes at least, aligned to 8, and its owner gave it back.
        unsafe { block.cast::<*mut u8>().write(free.get()) };
        free.set(block);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as promised to us.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (self.small(layout), self.small(new)) {
            (Some((_, old)), Some((_, new))) if old == new => return block,
            // SAFETY: as promised to us, and `alloc` asked `large` for a block of this layout.
            (None, None) => return unsafe { self.large.realloc(block, layout, size) },
            _ => {}
        }
        // SAFETY: the new size is not 0, as promised to us. Both blocks have room for the smaller of the sizes, and the
        // new one is nobody's yet.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;

    use super::*;

    /// A block that somebody has, all of its bytes the same.
    struct Held {
        block: *mut u8,
        layout: Layout,
        byte: u8,
    }

    impl Held {
        fn new(heap: &Heap<System>, size: usize, align: usize, byte: u8) -> Self {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: no size here is 0.
            let block = unsafe { heap.alloc(layout) };
            assert!(!block.is_null() && block.addr().is_multiple_of(align));
            let held = Self { block, layout, byte };
            held.fill();
            held
        }

        fn fill(&self) {
            // SAFETY: it is that large, and nobody else's.
            unsafe { self.block.write_bytes(self.byte, self.layout.size()) };
        }

        fn check(&self, size: usize) {
            // SAFETY: it is that large, and was written to.
            let bytes = unsafe { std::slice::from_raw_parts(self.block, size) };
            assert!(bytes.iter().all(|byte| *byte == self.byte));
        }

        fn resize(&mut self, heap: &Heap<System>, size: usize) {
            // SAFETY: it is a block of this heap and layout.
            self.block = unsafe { heap.realloc(self.block, self.layout, size) };
            assert!(!self.block.is_null());
            self.check(self.layout.size().min(size));
            self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
            self.fill();
        }

        fn free(self, heap: &Heap<System>) {
            self.check(self.layout.size());
            // SAFETY: it is a block of this heap and layout.
            unsafe { heap.dealloc(self.block, self.layout) };
        }
    }

    #[test]
    fn blocks_are_nobody_elses() {
        let heap = Heap::new(System);
        let mut held = Vec::new();
        let mut seed = 1_u64;
        for round in 0..200_000_u32 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let random = (seed >> 33) as usize;
            let size = 1 + random / 8 % [40, 300, 3000][random % 3];
            match random % 8 {
                0..=3 => held.push(Held::new(&heap, size, 1 << (random / 64 % 7), round as u8)),
                4 | 5 if !held.is_empty() => {
                    let at = random / 8 % held.len();
                    held[at].resize(&heap, size);
                }
                _ if !held.is_empty() => {
                    let at = random / 8 % held.len();
                    held.swap_remove(at).free(&heap);
                }
                _ => {}
            }
        }
        for it in held {
            it.free(&heap);
        }
    }

    #[test]
    fn a_small_block_is_used_again_for_its_size() {
        let heap = Heap::new(System);
        let first = Held::new(&heap, 20, 1, 1);
        let place = first.block;
        first.free(&heap);
        let smaller = Held::new(&heap, 16, 1, 2);
        let same = Held::new(&heap, 32, 8, 3);
        assert_ne!(smaller.block, place);
        assert_eq!(same.block, place);
        smaller.free(&heap);
        same.free(&heap);
    }
}
