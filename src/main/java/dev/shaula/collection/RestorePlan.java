package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** What a restore is to make of a backup: first read, then verified, then carried out. Blocks. */
record RestorePlan(Path backup, List<Item> items, Map<String, String> aliases) {

    /** A collection to make: from which folder of the backup, under which name. */
    record Item(Path folder, BackupManifest.Collection source, String name) {

        List<Long> sequences() {
            return source.sequences();
        }

        /** The shape of the new collection; to be read once the files are verified. */
        CollectionConfig config() {
            return manifest().config().withName(name);
        }

        /** What is to be indexed in the new collection; to be read once the files are verified. */
        Declarations declarations() {
            return manifest().declared();
        }

        private Manifest manifest() {
            try {
                Manifest manifest = Manifest.read(folder);
                CollectionConfig config = manifest.config();
                if (config.shards() != sequences().size() || !config.name().equals(source.name())) {
                    throw new IOException("expected collection \"" + source.name() + "\" with "
                            + sequences().size() + " shards, found \"" + config.name() + "\" with " + config.shards());
                }
                return manifest;
            } catch (IOException e) {
                throw LocalBackups.damaged(folder, String.valueOf(e.getMessage()));
            }
        }

        /** @param step called before every file; what it throws ends the copy */
        void copyTo(Path target, Runnable step) throws IOException {
            for (BackupManifest.Content content : source.files()) {
                step.run();
                if (Manifest.FILES.contains(content.path())) {
                    continue; // the new collection writes its own
                }
                Path from = folder.resolve(content.path());
                Path to = target.resolve(content.path());
                Files.createDirectories(to.getParent());
                if (ShardFiles.immutable(from)) {
                    ShardFiles.link(from, to, content.bytes());
                } else {
                    ShardFiles.copy(from, to, content.bytes());
                }
            }
            try (Stream<Path> made = Files.walk(target)) {
                for (Path directory : (Iterable<Path>) made.filter(Files::isDirectory)::iterator) {
                    DurableFiles.sync(directory);
                }
            }
        }
    }

    static RestorePlan of(Path backup, Backups.Restoration wish) {
        BackupManifest manifest = manifest(backup);
        List<BackupManifest.Collection> wanted = manifest.collections().stream()
                .filter(c -> wish.collection() == null || c.name().equals(wish.collection()))
                .toList();
        List<String> held = manifest.collections().stream()
                .map(BackupManifest.Collection::name)
                .toList();
        if (wanted.isEmpty() && wish.collection() != null) {
            throw VectorDbException.notFound(
                    "backup \"" + wish.backup() + "\" holds no collection \"" + wish.collection() + "\", but " + held);
        }
        String as = wish.as();
        if (as != null) {
            CollectionConfig.checkName("as", as);
            if (wanted.size() != 1) {
                throw VectorDbException.invalid("as: expected with one collection only, the backup holds " + held
                        + "; name one in \"collection\"");
            }
        }
        List<Item> items = wanted.stream()
                .map(c -> new Item(backup.resolve(c.folder()), c, as == null ? c.name() : as))
                .toList();
        boolean whole = wish.collection() == null && as == null;
        return new RestorePlan(backup, items, whole ? manifest.aliases() : Map.of());
    }

    private static BackupManifest manifest(Path backup) {
        try {
            return BackupManifest.read(backup);
        } catch (IOException e) {
            throw LocalBackups.damaged(backup.resolve(BackupManifest.FILE), String.valueOf(e.getMessage()));
        }
    }

    /** Every name that the restore gives away. */
    List<String> names() {
        List<String> names = new ArrayList<>(items.stream().map(Item::name).toList());
        names.addAll(aliases.keySet());
        return names;
    }

    /**
     * Reads every byte once.
     *
     * @throws VectorDbException (INTERNAL) that names the file which is not what it was
     */
    void verify(LongConsumer progress) throws IOException {
        Path real = backup.toRealPath();
        for (Item item : items) {
            for (BackupManifest.Content content : item.source().files()) {
                verify(real, item.folder().resolve(content.path()), content, progress);
            }
        }
    }

    private static void verify(Path real, Path file, BackupManifest.Content content, LongConsumer progress) {
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || !file.toRealPath().startsWith(real)) {
                throw LocalBackups.damaged(file, "expected a file, found none");
            }
            if (Checksums.of(file, content.bytes(), progress) != content.crc()) {
                throw LocalBackups.damaged(file, "its checksum is wrong");
            }
        } catch (IOException e) { // too short, or the disk cannot read it
            throw LocalBackups.damaged(file, String.valueOf(e.getMessage()));
        }
    }
}
