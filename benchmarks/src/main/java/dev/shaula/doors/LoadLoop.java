package dev.shaula.doors;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** All connections of all lanes on the calling thread. Nothing is parsed but lengths, unless a lane reads answers. */
final class LoadLoop implements AutoCloseable {
    private static final int BUFFER_BYTES = 2 << 20;

    private final Selector selector = Selector.open();
    private final List<Connection> connections = new ArrayList<>();
    private final List<Lane> lanes;

    LoadLoop(InetSocketAddress server, List<Lane> lanes) throws IOException {
        this.lanes = lanes;
        for (Lane lane : lanes) {
            for (int i = 0; i < lane.connections(); i++) {
                connections.add(new Connection(server, lane));
            }
        }
        long now = System.nanoTime();
        lanes.forEach(lane -> lane.start(now));
    }

    /** Asks until the time is over or every lane is done. */
    void run(long ns) throws IOException {
        long endNs = System.nanoTime() + ns;
        while (System.nanoTime() < endNs && !lanes.stream().allMatch(Lane::done)) {
            for (Connection connection : connections) {
                connection.askIfDue();
            }
            selector.select(key -> ((Connection) key.attachment()).advance(), waitMillis());
        }
    }

    /** Idle connections of a constant rate are looked at again each millisecond. */
    private long waitMillis() {
        return lanes.stream().anyMatch(Lane::constantRate) ? 1 : 100;
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }

    private final class Connection {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final Lane lane;
        private final Conversation conversation;
        private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private final ByteBuffer out = ByteBuffer.allocateDirect(4 * BUFFER_BYTES);
        private boolean asking;
        private int number;
        private long askedNs;

        Connection(InetSocketAddress server, Lane lane) throws IOException {
            this.lane = lane;
            conversation = lane.open();
            channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            key = channel.register(selector, SelectionKey.OP_READ, this);
            out.put(conversation.hello());
            flush();
        }

        void askIfDue() throws IOException {
            if (asking || !conversation.ready()) {
                return;
            }
            long due = lane.dueNs();
            long now = System.nanoTime();
            if (due <= now) {
                asking = true;
                askedNs = lane.constantRate() ? due : now;
                number = lane.next();
                conversation.ask(lane.question(number), out);
                flush();
            }
        }

        /** Reads what has come, and asks again at once when that was the answer. */
        void advance() {
            try {
                if (key.isReadable()) {
                    read();
                }
                if (out.position() > 0) {
                    flush();
                }
            } catch (IOException e) {
                throw new IllegalStateException("connection lost", e);
            }
        }

        private void read() throws IOException {
            if (channel.read(in) < 0) {
                throw new EOFException("the server closed the connection");
            }
            in.flip();
            while (conversation.take(in, out)) {
                lane.answered(number, conversation.answer(), System.nanoTime() - askedNs);
                asking = false;
            }
            in.compact();
            askIfDue();
        }

        private void flush() throws IOException {
            out.flip();
            channel.write(out);
            out.compact();
            int interest = out.position() > 0 ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
            if (key.interestOps() != interest) {
                key.interestOps(interest);
            }
        }
    }
}
