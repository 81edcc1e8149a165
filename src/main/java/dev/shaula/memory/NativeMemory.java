package dev.shaula.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory that lives as long as something refers to it, always as the same class of segment: a kernel that meets
 * two kinds (native and mapped, or native and heap) loses a factor of two to five to type checks that cannot be
 * hoisted.
 *
 * <p>Addresses are never released explicitly: searches hold snapshots, snapshots hold segments, and the collector frees
 * a block after the last of them, as closing a shared arena is not possible in a native image. What lies behind the
 * addresses may be given back before, see {@link #discard} and {@link #moveToFile}. Thread-safe.
 */
public final class NativeMemory {
    /** Alignment of every block: a cache line, and the widest vector register. */
    public static final int ALIGNMENT = 64;

    /**
     * All addresses, for inner loops that read many blocks: one constant segment, where a segment for each block would
     * be loaded and checked at every read. An address must come from a block that the caller keeps reachable until it
     * has read; nothing else stands between a wrong one and the end of the process.
     */
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final long MAPPED_BYTES = 256L << 10;

    private static final AtomicLong ALLOCATED = new AtomicLong();
    /** Bytes of each large block that was neither freed nor discarded, by address. */
    private static final Map<Long, Long> BLOCKS = new ConcurrentHashMap<>();
    /** Addresses behind which a file lies. */
    private static final Set<Long> OF_FILES = ConcurrentHashMap.newKeySet();

    private NativeMemory() {}

    /**
     * Zeroed, {@link #ALIGNMENT}-aligned memory, committed by the system as it is touched.
     *
     * @param bytes more than 0
     * @param hugePages ask for 2 MiB pages where the system grants them; such memory is committed 2 MiB at a time, so
     *     it is for blocks that will be filled
     * @throws OutOfMemoryError if the system has none left
     */
    public static MemorySegment allocate(long bytes, boolean hugePages) {
        // Small blocks are scratch: a page, a mapping and an entry in the kernel's tables each would be a waste.
        MemorySegment block = bytes >= MAPPED_BYTES ? AnonymousMemory.map(bytes, hugePages) : null;
        if (block == null) {
            block = rewrap(Arena.ofAuto().allocate(bytes, ALIGNMENT), () -> ALLOCATED.addAndGet(-bytes));
        } else {
            MemorySegment owner = block;
            BLOCKS.put(owner.address(), bytes);
            block = rewrap(owner, () -> {
                // What is known of an address must be forgotten before another block can get it.
                forget(owner.address());
                OF_FILES.remove(owner.address());
                AnonymousMemory.unmap(owner);
            });
            block = block.asSlice(0, bytes);
        }
        ALLOCATED.addAndGet(bytes);
        return block;
    }

    /**
     * Maps a part of a file for reading. The pages are the page cache's: they count as used only while the system
     * keeps them. The bytes must have been verified before they are believed.
     *
     * @param offset where to start, at least 0
     * @param bytes more than 0; the file must be at least {@code offset + bytes} long and must not shrink afterwards
     */
    public static MemorySegment map(Path file, long offset, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() < offset + bytes) {
                throw new IOException(
                        file + ": expected at least " + (offset + bytes) + " bytes, found " + channel.size());
            }
            MemorySegment mapped = channel.map(MapMode.READ_ONLY, offset, bytes, Arena.ofAuto());
            OF_FILES.add(mapped.address());
            return rewrap(mapped, () -> OF_FILES.remove(mapped.address())).asReadOnly();
        }
    }

    /**
     * Puts a part of a file in the place of a block that holds the same bytes, whose memory is given back at once: pages
     * of a file need not stay in memory. Readers go on meanwhile. From now on nobody may write to the block; where it
     * cannot be done (another system, blocks that are no whole pages), it stays as it is. Does nothing the second time.
     *
     * @param block as {@link #allocate} returned it
     * @param offset of the same bytes in {@code file}, of which as many as the block has must be there, synced, and never
     *     change or be cut off; the file may be deleted
     * @throws IOException if the file cannot be mapped; the block is as it was
     */
    public static void moveToFile(MemorySegment block, Path file, long offset) throws IOException {
        if (!BLOCKS.containsKey(block.address())) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment mapped = channel.map(MapMode.READ_ONLY, offset, block.byteSize(), arena);
            if (AnonymousMemory.replaceByFile(block, mapped)) {
                forget(block.address());
                OF_FILES.add(block.address());
            }
        }
    }

    /**
     * Says that what lies in a file, by {@link #map} or {@link #moveToFile}, is not about to be read: its pages no longer
     * count as the process's, and stay with the page cache until somebody needs the memory. Reading finds the same bytes,
     * at the cost of a page fault (1 to 2 us for each 64 KiB that are cached). Nothing happens to other blocks.
     */
    public static void release(MemorySegment block) {
        try {
            if (OF_FILES.contains(block.address())) {
                AnonymousMemory.forgetPages(block);
            }
        } finally {
            Reference.reachabilityFence(block); // another mapping could get its addresses
        }
    }

    private static void forget(long address) {
        Long bytes = BLOCKS.remove(address);
        if (bytes != null) {
            ALLOCATED.addAndGet(-bytes);
        }
    }

    /**
     * Gives the memory behind a block or a mapping back to the system at once, where it can; the addresses stay, and
     * are freed as ever. For what nobody reads any more: to read is safe, and finds zeros or what was there.
     *
     * @param block as {@link #allocate} or {@link #map} returned it
     */
    public static void discard(MemorySegment block) {
        if (block.byteSize() >= MAPPED_BYTES && AnonymousMemory.replaceByZeros(block)) {
            forget(block.address());
            OF_FILES.remove(block.address());
        }
    }

    /** Bytes handed out by {@link #allocate} and neither discarded, nor moved to files, nor yet freed by the collector. */
    public static long allocatedBytes() {
        return ALLOCATED.get();
    }

    /** The same memory as a plain native segment that keeps {@code owner} alive until it is unreachable itself. */
    private static MemorySegment rewrap(MemorySegment owner, Runnable onFree) {
        return MemorySegment.ofAddress(owner.address()).reinterpret(owner.byteSize(), Arena.ofAuto(), plain -> {
            try {
                onFree.run();
            } finally {
                Reference.reachabilityFence(owner);
            }
        });
    }
}
