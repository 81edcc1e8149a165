package dev.shaula.durability;

import dev.shaula.collection.Backups;
import dev.shaula.collection.LocalCollections;
import dev.shaula.collection.VectorCollection;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardRuntime;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The process to be killed: the collections of a data directory behind a loopback port, which it prints once they are
 * ready. It stops in good order when its standard input ends, so that it does not outlive its parent.
 *
 * <p>Arguments: data directory, checkpoint interval and sync interval as ISO durations ({@code PT0S}: always).
 */
final class NodeMain {
    private NodeMain() {}

    @SuppressWarnings("SystemOut") // how the parent learns the port
    public static void main(String[] args) throws IOException {
        Duration checkpoints = Duration.parse(args[1]);
        Duration sync = Duration.parse(args[2]);
        EmbeddedNode node = new EmbeddedNode(
                Path.of(args[0]),
                new LocalCollections.Settings(8, 64 << 20, 256 << 10, Duration.ofSeconds(30)),
                s -> new ShardRuntime.Settings(
                        s.dataDir(),
                        s.searchThreads(),
                        s.searchQueue(),
                        sync,
                        s.maxBatchWrites(),
                        s.maxWritesPerSecond(),
                        s.memoryLimitBytes(),
                        checkpoints));
        Thread.ofPlatform().daemon().start(() -> stopWithInput(node));
        try (ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress())) {
            System.out.println("port " + server.getLocalPort());
            while (true) {
                Socket socket = server.accept();
                Thread.ofPlatform().daemon().start(() -> serve(node.collections(), socket));
            }
        }
    }

    private static void stopWithInput(EmbeddedNode node) {
        int exit = 0;
        try {
            while (System.in.read() >= 0) {
                // Nothing is ever said here.
            }
            node.close();
        } catch (IOException | RuntimeException e) {
            e.printStackTrace();
            exit = 1;
        }
        Runtime.getRuntime().halt(exit);
    }

    private static void serve(LocalCollections collections, Socket connection) {
        try (Socket socket = connection;
                DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
                DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()))) {
            socket.setTcpNoDelay(true);
            while (true) {
                answer(collections, NodeWire.Op.valueOf(in.readUTF()), in, out);
                out.flush();
            }
        } catch (IOException e) {
            // The client has gone, or was killed.
        }
    }

    private static void answer(LocalCollections all, NodeWire.Op op, DataInputStream in, DataOutputStream out)
            throws IOException {
        String name = in.readUTF();
        try {
            switch (op) {
                case CREATE -> {
                    CollectionConfig config = config(name, in);
                    EmbeddedNode.get(all.create(config));
                    out.writeByte(NodeWire.OK);
                }
                case UPSERT -> {
                    List<Point> points = NodeWire.readPoints(in);
                    EmbeddedNode.get(all.require(name).upsert(points, Ack.INDEXED));
                    out.writeByte(NodeWire.OK);
                }
                case DELETE -> {
                    List<String> ids = NodeWire.readStrings(in);
                    EmbeddedNode.get(all.require(name).delete(ids, Ack.INDEXED));
                    out.writeByte(NodeWire.OK);
                }
                case COMMIT -> {
                    EmbeddedNode.get(all.require(name).commit());
                    out.writeByte(NodeWire.OK);
                }
                case BACKUP -> {
                    Backups.Request request = new Backups.Request(name, in.readUTF());
                    EmbeddedNode.get(all.backups().create(request));
                    out.writeByte(NodeWire.OK);
                }
                case RESTORE -> {
                    Backups.Restoration wish = new Backups.Restoration(in.readUTF(), name, in.readUTF());
                    EmbeddedNode.get(all.backups().restore(wish));
                    out.writeByte(NodeWire.OK);
                }
                case DELETE_BACKUP -> {
                    EmbeddedNode.get(all.backups().delete(name));
                    out.writeByte(NodeWire.OK);
                }
                case DROP -> {
                    EmbeddedNode.get(all.drop(name));
                    out.writeByte(NodeWire.OK);
                }
                case GET -> {
                    String id = in.readUTF();
                    Optional<Point> found = EmbeddedNode.get(all.require(name).get(id));
                    out.writeByte(NodeWire.OK);
                    NodeWire.writePoints(out, found.map(List::of).orElseGet(List::of));
                }
                case SEARCH -> search(all, name, in, out);
                case COUNT -> {
                    long count = all.require(name).info().vectorCount();
                    out.writeByte(NodeWire.OK);
                    out.writeLong(count);
                }
            }
        } catch (VectorDbException e) {
            NodeWire.writeRefusal(out, e.kind(), String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            NodeWire.writeRefusal(out, VectorDbException.Kind.INTERNAL, e.toString());
        }
    }

    private static CollectionConfig config(String name, DataInputStream in) throws IOException {
        int dimensions = in.readInt();
        int shards = in.readInt();
        return new CollectionConfig(name, dimensions, Metric.COSINE, shards, in.readInt(), in.readInt(), true)
                .withAutoIndexFields(in.readInt());
    }

    private static void search(LocalCollections all, String name, DataInputStream in, DataOutputStream out)
            throws IOException {
        float[] vector = NodeWire.readVector(in);
        int k = in.readInt();
        int ef = in.readInt();
        VectorCollection collection = all.require(name);
        SearchRequest request =
                new SearchRequest(vector, k, ef, ef == NodeClient.EXACT, Float.NEGATIVE_INFINITY, null, false, false);
        List<ScoredPoint> found = EmbeddedNode.get(collection.search(request));
        out.writeByte(NodeWire.OK);
        out.writeInt(found.size());
        for (ScoredPoint point : found) {
            out.writeUTF(point.id());
            out.writeFloat(point.score());
        }
    }
}
