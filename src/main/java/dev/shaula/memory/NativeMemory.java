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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory that lives as long as something refers to it, always as the same class of segment: a kernel that meets
 * two kinds (native and mapped, or native and heap) loses a factor of two to five to type checks that cannot be
 * hoisted.
 *
 * <p>Addresses are never released explicitly: searches hold snapshots, snapshots hold segments, and the collector frees
 * a block after the last of them, as closing a shared arena is not possible in a native image. What lies behind the
 * addresses may be given back before, see {@link #discard}. Thread-safe.
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
                forget(owner.address());
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
            return rewrap(channel.map(MapMode.READ_ONLY, offset, bytes, Arena.ofAuto()), () -> {})
                    .asReadOnly();
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
        }
    }

    /** Bytes handed out by {@link #allocate} and neither discarded nor yet freed by the collector. */
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
