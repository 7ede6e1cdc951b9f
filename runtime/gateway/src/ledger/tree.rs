//! The Merkle tree over a log (RFC 6962, section 2.1): its right edge, its root at any size, audit paths.
//!
//! # Promises
//!
//! - Pure: nodes come from whoever keeps them, through [`Nodes`].
//! - Adding a leaf costs two hashes on average. Of the nodes only each eighth level has to be kept, as the tiles of C2SP
//!   tlog-tiles do: a path through 16 million leaves needs three rows of at most 255 nodes.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// Nodes of the levels that are multiples of this are kept.
pub const TILE_LEVELS: u32 = 8;

/// The most hashes of a path: a leaf's number has 63 bits.
pub const PATH_MAX: usize = 63;

/// Where the nodes are kept: leaves on level 0, and each [`TILE_LEVELS`]th level above.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;

    /// `count` nodes of `level`, from the one with the number `from` on; each is whole, none is left out.
    fn row(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, Self::Error>;
}

/// The hash of a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// The hash of two nodes.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The right edge of a tree: all that is needed to add leaves and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The roots of the whole subtrees that the size consists of, the largest first.
    peaks: Vec<Hash>,
}

impl Edge {
    /// That of a tree of `size` leaves that are kept.
    pub fn load<N: Nodes>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        let peaks = levels.map(|level| whole(nodes, level, (size >> level) - 1));
        Ok(Self { size, peaks: peaks.collect::<Result<_, _>>()? })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash that stands for all leaves.
    pub fn root(&self) -> Hash {
        let peaks = self.peaks.iter().rev().copied();
        peaks.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty)
    }

    /// Adds a leaf. `keep` is told the level, number and hash of each node that is whole now and is to be kept; the tree
    /// goes on with the hash that it answers.
    pub fn push<E>(
        &mut self,
        leaf: Hash,
        mut keep: impl FnMut(u32, u64, Hash) -> Result<Hash, E>,
    ) -> Result<(), E> {
        let mut hash = leaf;
        for level in 1..=self.size.trailing_ones() {
            hash = self.peaks.pop().map_or(hash, |left| node_hash(&left, &hash));
            if level % TILE_LEVELS == 0 {
                hash = keep(level, self.size >> level, hash)?;
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        Ok(())
    }
}

fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The root of the first `size` leaves.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Edge::load(nodes, size).map(|it| it.root())
}

/// What leads from the leaf `at` to the root of the first `size` leaves, the lowest first. `at` is below `size`.
pub fn path<N: Nodes>(nodes: &N, at: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    while end - begin > 1 {
        let middle = begin + (end - begin).next_power_of_two() / 2;
        if at < middle {
            path.push(range(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range(nodes, begin, middle)?);
            begin = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The root that `path` leads to from the leaf `at` in a tree of `size` leaves, if it has the right length
/// (RFC 9162, section 2.1.3.2).
pub fn root_of_path(leaf: Hash, (at, size): (u64, u64), path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (at, size.checked_sub(1)?);
    if at > last {
        return None;
    }
    let mut hash = leaf;
    for other in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(other, &hash);
            let skipped = at.trailing_zeros();
            at = at.checked_shr(skipped).unwrap_or(0);
            last = last.checked_shr(skipped).unwrap_or(0);
        } else {
            hash = node_hash(&hash, other);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// The root of the leaves from `begin` to before `end`, which stand together in some tree.
fn range<N: Nodes>(nodes: &N, begin: u64, end: u64) -> Result<Hash, N::Error> {
    let mut begin = begin;
    let mut peaks = Vec::new();
    while begin < end {
        let level = (end - begin).ilog2();
        peaks.push(whole(nodes, level, begin >> level)?);
        begin += 1 << level;
    }
    Ok(peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty))
}

/// A node under which no leaf is missing.
fn whole<N: Nodes>(nodes: &N, level: u32, number: u64) -> Result<Hash, N::Error> {
    let height = level % TILE_LEVELS;
    let mut row = nodes.row(level - height, number << height, 1 << height)?;
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    Ok(row.first().copied().unwrap_or_else(empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use std::{collections::HashMap, convert::Infallible};

    /// What is kept, in memory.
    #[derive(Default)]
    struct Kept(HashMap<(u32, u64), Hash>);

    impl Nodes for Kept {
        type Error = (u32, u64);
        fn row(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, (u32, u64)> {
            (from..from + count)
                .map(|it| self.0.get(&(level, it)).copied().ok_or((level, it)))
                .collect()
        }
    }

    fn grow(leaves: impl Iterator<Item = Vec<u8>>) -> (Kept, Edge, Vec<Hash>) {
        let (mut kept, mut edge) = (Kept::default(), Edge::default());
        let mut roots = vec![edge.root()];
        for leaf in leaves {
            let leaf = leaf_hash(&leaf);
            kept.0.insert((0, edge.size()), leaf);
            let mut keep = |level, number, hash| {
                assert_eq!(kept.0.insert((level, number), hash), None);
                Ok::<_, Infallible>(hash)
            };
            edge.push(leaf, &mut keep).unwrap();
            roots.push(edge.root());
        }
        (kept, edge, roots)
    }

    /// The definition of RFC 6962, as it stands there.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => empty(),
            1 => leaves[0],
            n => {
                let (left, right) = leaves.split_at(n.next_power_of_two() / 2);
                node_hash(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_reference_implementation() {
        // The eight inputs and roots that implementations of Certificate Transparency test with.
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let inputs = inputs.iter().map(|it| HEXLOWER.decode(it.as_bytes()).unwrap());
        let got: Vec<_> = grow(inputs).2.iter().map(|it| HEXLOWER.encode(it)).collect();
        assert_eq!(got, roots);
    }

    #[test]
    fn each_root_and_each_path_of_any_size_is_the_defined_one_and_a_flipped_bit_is_found() {
        let mut random = fastrand::Rng::with_seed(6962);
        let some: Vec<_> = (0..4).map(|_| random.u64(600..9_000)).collect();
        for size in (0..40).chain([255, 256, 257, 300, 511, 513, 66_000]).chain(some) {
            let (kept, edge, roots) = grow((0..size).map(|it| it.to_be_bytes().to_vec()));
            let leaves: Vec<_> = (0..size).map(|it| leaf_hash(&it.to_be_bytes())).collect();
            assert_eq!(edge.root(), defined(&leaves));
            assert_eq!(Edge::load(&kept, size).unwrap(), edge);
            // Each prefix keeps the root that it had.
            for _ in 0..20 {
                let prefix = random.u64(0..=size);
                assert_eq!(root(&kept, prefix).unwrap(), roots[prefix as usize]);
            }
            for _ in 0..20.min(size) {
                let total = random.u64(1..=size);
                let at = random.u64(0..total);
                let mut path = path(&kept, at, total).unwrap();
                let (leaf, root) = (leaves[at as usize], roots[total as usize]);
                assert!(path.len() <= PATH_MAX);
                assert_eq!(root_of_path(leaf, (at, total), &path), Some(root));
                let mut other = leaf;
                other[random.usize(0..32)] ^= 1 << random.u32(0..8);
                assert_ne!(root_of_path(other, (at, total), &path), Some(root));
                assert_ne!(
                    root_of_path(leaf, (at ^ 1, total), &path).filter(|_| total > 1),
                    Some(root)
                );
                let shorter = path.split_last().map(|it| root_of_path(leaf, (at, total), it.1));
                assert!(shorter.is_none_or(|it| it.is_none()));
                let place = random.usize(0..path.len().max(1));
                let bit = (random.usize(0..32), 1 << random.u32(0..8));
                let changed = path.get_mut(place).map(|it| it[bit.0] ^= bit.1);
                let root_now = root_of_path(leaf, (at, total), &path);
                assert_eq!(root_now == Some(root), changed.is_none());
            }
        }
    }

    #[test]
    fn a_path_reads_few_rows_and_few_nodes_whatever_the_size() {
        struct Counting(std::cell::Cell<(u64, u64)>);
        impl Nodes for Counting {
            type Error = Infallible;
            fn row(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, Infallible> {
                assert_eq!(level % TILE_LEVELS, 0);
                let (rows, nodes) = self.0.get();
                self.0.set((rows + 1, nodes + count));
                Ok(vec![leaf_hash(&from.to_be_bytes()); count as usize])
            }
        }
        for (size, most) in [(1 << 20, 3 * 256), (10_000_000, 6 * 256)] {
            for at in [0, 1, size / 2 - 1, size / 3, size - 1] {
                let nodes = Counting(std::cell::Cell::default());
                path(&nodes, at, size).unwrap();
                let (rows, read) = nodes.0.get();
                assert!(rows <= 60 && read <= most, "{rows} rows, {read} nodes of {size}");
            }
        }
    }

    #[test]
    fn no_path_proves_what_is_not_in_the_tree() {
        assert_eq!(root_of_path([7; 32], (0, 0), &[]), None);
        assert_eq!(root_of_path([7; 32], (3, 3), &[[1; 32], [2; 32]]), None);
        assert_eq!(root_of_path([7; 32], (0, 1), &[[1; 32]]), None);
        assert_eq!(root_of_path([7; 32], (0, 1), &[]), Some([7; 32]));
        assert_eq!(root_of_path([7; 32], (u64::MAX - 1, u64::MAX), &[[1; 32]; 70]), None);
    }
}
