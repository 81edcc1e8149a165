package dev.shaula.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * RocksDB's native library, unpacked once into the data directory and compared with the one in the jar at each start.
 * RocksDB itself would unpack 16 MB into the directory for temporary files at each start, which takes a tenth of a second,
 * and leave them there when the process is killed. What does not work out here is left to RocksDB.
 */
final class NativeLibrary {
    private static final Logger LOG = System.getLogger(NativeLibrary.class.getName());
    private static final String DIRECTORY = "native";
    /** What {@link RocksDB#loadLibrary(List)} looks for, which is not what it is called in the jar. */
    private static final String NAME = Environment.getJniLibraryFileName("rocksdbjni");

    private static boolean loaded;

    private NativeLibrary() {}

    /** Loads the library, unless this process has done so, by way of {@code <data>/native}. Blocks. */
    static synchronized void load(Path data) {
        if (loaded) {
            return;
        }
        try {
            Path directory = Files.createDirectories(data.resolve(DIRECTORY));
            unpack(Environment.getJniLibraryFileName("rocksdb"), directory.resolve(NAME));
            RocksDB.loadLibrary(List.of(directory.toAbsolutePath().toString()));
        } catch (IOException | UnsatisfiedLinkError e) {
            LOG.log(Logger.Level.WARNING, "RocksDB unpacks its library itself: " + e);
            RocksDB.loadLibrary();
        }
        loaded = true;
    }

    private static void unpack(String name, Path file) throws IOException {
        URL packed = RocksDB.class.getClassLoader().getResource(name);
        if (packed == null) {
            throw new FileNotFoundException(name);
        }
        if (!Files.exists(file) || crc(Files.readAllBytes(file)) != crcOf(packed)) {
            Path draft = file.resolveSibling(file.getFileName() + ".new");
            try {
                write(packed, draft);
                Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(draft); // on a disk that is full already, half a library is the last thing wanted
            }
        }
    }

    private static void write(URL packed, Path draft) throws IOException {
        try (InputStream in = packed.openStream();
                FileChannel out = FileChannel.open(
                        draft,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        }
    }

    /** As the jar's directory has it, so that nothing is inflated. */
    private static long crcOf(URL packed) throws IOException {
        URLConnection connection = packed.openConnection();
        if (connection instanceof JarURLConnection jar) {
            return jar.getJarEntry().getCrc();
        }
        try (InputStream in = connection.getInputStream()) {
            return crc(in.readAllBytes());
        }
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
