package dev.shaula.collection;

import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The folder {@code backups} of a data directory: one folder a backup. Blocks. */
final class BackupFolders {
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0," + (Limits.MAX_BACKUP_NAME_LENGTH - 1) + "}");

    private static final String DRAFT = ".new-";

    private final Path backups;

    BackupFolders(Path root) {
        this.backups = root.resolve("backups");
    }

    /** Deletes what a crash left of backups that were never complete, and of deletions already answered. */
    void sweep() throws IOException {
        for (Path folder : folders()) {
            if (folder.getFileName().toString().startsWith(DRAFT) || DataDirectory.isDropped(folder)) {
                DataDirectory.deleteTree(folder);
            }
        }
    }

    /** @throws VectorDbException INVALID if it cannot be the name of a backup */
    static void checkName(String field, String name) {
        if (!NAME.matcher(name).matches()) {
            throw VectorDbException.invalid(field + ": expected 1 to " + Limits.MAX_BACKUP_NAME_LENGTH
                    + " letters, digits, dots, dashes and underscores, the first a letter or digit");
        }
    }

    boolean exists(String name) {
        return Files.exists(backups.resolve(name));
    }

    /** A new, empty folder for a draft. @throws VectorDbException CONFLICT if the name is taken */
    Path begin(String name) throws IOException {
        if (exists(name)) {
            throw VectorDbException.conflict("backup \"" + name + "\" already exists");
        }
        Path draft = Files.createDirectories(backups).resolve(DRAFT + name);
        if (Files.exists(draft)) { // of an attempt that could not even be cleaned up
            DataDirectory.deleteTree(draft);
        }
        return Files.createDirectory(draft);
    }

    /** Makes the backup whose files are synced in {@code draft}: from here on it is there, whatever happens. */
    void complete(Path draft, BackupManifest manifest) throws IOException {
        manifest.write(draft);
        Files.move(draft, backups.resolve(manifest.name()), StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.sync(backups);
    }

    /** The folder of a complete backup. @throws VectorDbException NOT_FOUND if there is none of this name */
    Path require(String name) {
        checkName("backup", name);
        Path folder = backups.resolve(name);
        if (!isBackup(folder)) {
            throw VectorDbException.notFound("backup \"" + name + "\" does not exist");
        }
        return folder;
    }

    /** Every complete backup; one whose manifest is damaged is there as failed. */
    List<Backups.Info> list() throws IOException {
        List<Backups.Info> infos = new ArrayList<>();
        for (Path folder : folders()) {
            if (isBackup(folder)) {
                infos.add(info(folder));
            }
        }
        return infos;
    }

    private static Backups.Info info(Path folder) throws IOException {
        try {
            return BackupManifest.read(folder).info();
        } catch (IOException e) {
            String name = folder.getFileName().toString();
            return new Backups.Info(
                    name,
                    Backups.Status.FAILED,
                    Files.getLastModifiedTime(folder).toInstant(),
                    0,
                    List.of(),
                    e.getMessage());
        }
    }

    private List<Path> folders() throws IOException {
        if (!Files.isDirectory(backups)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(backups)) {
            return all.filter(Files::isDirectory).sorted().toList();
        }
    }

    private static boolean isBackup(Path folder) {
        return !folder.getFileName().toString().startsWith(".") && Files.exists(folder.resolve(BackupManifest.FILE));
    }
}
