package dev.shaula.collection;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The data directory: one folder a collection under {@code collections}, and a lock that keeps a second process out.
 * Blocks; not for event loops.
 */
final class DataDirectory implements AutoCloseable {
    private static final int SLUG_LENGTH = 40;
    private static final String DROPPED = ".dropped-";

    private final Path root;
    private final Path collections;
    private final FileChannel lockFile;

    private DataDirectory(Path root, Path collections, FileChannel lockFile) {
        this.root = root;
        this.collections = collections;
        this.lockFile = lockFile;
    }

    /** Creates what is missing and takes the lock. */
    static DataDirectory open(Path root) throws IOException {
        Path collections = Files.createDirectories(root.resolve("collections"));
        FileChannel channel =
                FileChannel.open(root.resolve("LOCK"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (tryLock(channel) == null) {
            channel.close();
            throw new IOException(
                    root.toAbsolutePath() + ": is in use by another process; stop it, or choose another --data-dir");
        }
        DataDirectory directory = new DataDirectory(root, collections, channel);
        directory.sweep();
        return directory;
    }

    /** The directory itself. */
    Path root() {
        return root;
    }

    /** The folders of collections, each with a manifest. */
    List<Path> collections() throws IOException {
        try (Stream<Path> folders = Files.list(collections)) {
            return folders.filter(f -> Manifest.exists(f)).sorted().toList();
        }
    }

    /** A new, empty folder for a collection of this name. */
    Path newFolder(String name) throws IOException {
        String slug = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "_");
        slug = slug.substring(0, Math.min(SLUG_LENGTH, slug.length()));
        String suffix = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        return Files.createDirectory(collections.resolve(slug + "-" + suffix));
    }

    /** Makes a collection's folder disappear at once, then deletes what is in it. */
    void delete(Path folder) throws IOException {
        drop(folder);
    }

    /** Makes a folder disappear at once, then deletes what is in it; {@link #isDropped} tells a crash's leftovers. */
    static void drop(Path folder) throws IOException {
        Path doomed = folder.resolveSibling(DROPPED + folder.getFileName());
        Files.move(folder, doomed, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.syncParent(folder);
        deleteTree(doomed);
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }

    /** Deletes what a crash left of creations nobody was told of and of deletions already answered. */
    private void sweep() throws IOException {
        List<Path> folders;
        try (Stream<Path> all = Files.list(collections)) {
            folders = all.filter(f -> !Manifest.exists(f) || isDropped(f)).toList();
        }
        for (Path folder : folders) {
            deleteTree(folder);
        }
    }

    static boolean isDropped(Path folder) {
        return folder.getFileName().toString().startsWith(DROPPED);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // held by this very process
        }
    }

    static void deleteTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
