package dev.shaula.durability;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.VectorDbException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@link NodeMain} and its clients say to each other: one operation, its operands, one answer. */
final class NodeWire {
    static final byte OK = 0;
    static final byte REFUSED = 1;
    /** Longer than any answer takes; a hang is a failure. */
    private static final int PATIENCE_MS = 60_000;

    private NodeWire() {}

    /** Sent by name. */
    enum Op {
        CREATE,
        UPSERT,
        DELETE,
        COMMIT,
        BACKUP,
        RESTORE,
        DELETE_BACKUP,
        DROP,
        GET,
        SEARCH,
        COUNT
    }

    static NodeClient connect(int port) {
        try {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MS);
            return new Client(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void writePoints(DataOutputStream out, List<Point> points) throws IOException {
        out.writeInt(points.size());
        for (Point point : points) {
            out.writeUTF(point.id());
            writeVector(out, point.vector());
            byte[] json = point.metadata().json();
            out.writeInt(json.length);
            out.write(json);
        }
    }

    static List<Point> readPoints(DataInputStream in) throws IOException {
        int n = in.readInt();
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String id = in.readUTF();
            float[] vector = readVector(in);
            points.add(new Point(id, vector, Metadata.ofJson(in.readNBytes(in.readInt()))));
        }
        return points;
    }

    static void writeVector(DataOutputStream out, float[] vector) throws IOException {
        out.writeInt(vector.length);
        for (float x : vector) {
            out.writeFloat(x);
        }
    }

    static float[] readVector(DataInputStream in) throws IOException {
        float[] vector = new float[in.readInt()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = in.readFloat();
        }
        return vector;
    }

    static List<String> readStrings(DataInputStream in) throws IOException {
        int n = in.readInt();
        List<String> strings = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            strings.add(in.readUTF());
        }
        return strings;
    }

    static void writeRefusal(DataOutputStream out, VectorDbException.Kind kind, String message) throws IOException {
        out.writeByte(REFUSED);
        out.writeUTF(kind.name());
        out.writeUTF(message.substring(0, Math.min(4_000, message.length())));
    }

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private interface Reading<T> {
        T from(DataInputStream in) throws IOException;
    }

    private static final class Client implements NodeClient {
        private final Socket socket;
        private final DataInputStream in;
        private final DataOutputStream out;

        Client(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
        }

        private <T> T call(Op op, String collection, Writing operands, Reading<T> result) {
            try {
                out.writeUTF(op.name());
                out.writeUTF(collection);
                operands.to(out);
                out.flush();
                if (in.readByte() == REFUSED) {
                    throw new VectorDbException(VectorDbException.Kind.valueOf(in.readUTF()), in.readUTF());
                }
                return result.from(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void tell(Op op, String collection, Writing operands) {
            call(op, collection, operands, answer -> OK);
        }

        @Override
        public void create(CollectionConfig config) {
            tell(Op.CREATE, config.name(), to -> {
                to.writeInt(config.dimensions());
                to.writeInt(config.shards());
                to.writeInt(config.m());
                to.writeInt(config.efConstruction());
                to.writeInt(config.autoIndexFields());
            });
        }

        @Override
        public void upsert(String collection, List<Point> points) {
            tell(Op.UPSERT, collection, to -> writePoints(to, points));
        }

        @Override
        public void delete(String collection, List<String> ids) {
            tell(Op.DELETE, collection, to -> {
                to.writeInt(ids.size());
                for (String id : ids) {
                    to.writeUTF(id);
                }
            });
        }

        @Override
        public void commit(String collection) {
            tell(Op.COMMIT, collection, to -> {});
        }

        @Override
        public void backup(String collection, String name) {
            tell(Op.BACKUP, collection, to -> to.writeUTF(name));
        }

        @Override
        public void restore(String backup, String collection, String as) {
            tell(Op.RESTORE, collection, to -> {
                to.writeUTF(backup);
                to.writeUTF(as);
            });
        }

        @Override
        public void deleteBackup(String name) {
            tell(Op.DELETE_BACKUP, name, to -> {});
        }

        @Override
        public void drop(String collection) {
            tell(Op.DROP, collection, to -> {});
        }

        @Override
        public Optional<Point> get(String collection, String id) {
            return call(
                    Op.GET,
                    collection,
                    to -> to.writeUTF(id),
                    from -> readPoints(from).stream().findFirst());
        }

        @Override
        public List<ScoredPoint> search(String collection, float[] vector, int k, int ef) {
            Writing operands = to -> {
                writeVector(to, vector);
                to.writeInt(k);
                to.writeInt(ef);
            };
            return call(Op.SEARCH, collection, operands, from -> {
                int n = from.readInt();
                List<ScoredPoint> found = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    found.add(new ScoredPoint(from.readUTF(), from.readFloat(), null, null));
                }
                return found;
            });
        }

        @Override
        public long count(String collection) {
            return call(Op.COUNT, collection, to -> {}, DataInputStream::readLong);
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
