package dev.shaula.load;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Requests of one client, one after the other, each checked; for one thread. */
final class Client implements AutoCloseable {
    private static final Pattern ID = Pattern.compile("\"id\":\"(\\d+)\"");
    private static final Pattern VECTOR = Pattern.compile("\"vector\":\\[([^]]*)]");
    private static final Pattern VECTOR_COUNT = Pattern.compile("\"vector_count\":(\\d+)");

    private final Connection connection;
    private final String collection;

    Client(URI url, String collection) throws IOException {
        this.connection = new Connection(url);
        this.collection = collection;
    }

    void create(int dimensions) throws IOException {
        expect(connection.post(
                "/collections", "{\"name\":\"" + collection + "\",\"dimensions\":" + dimensions + ",\"shards\":1}"));
    }

    long vectorCount() throws IOException {
        return Long.parseLong(only(VECTOR_COUNT, expect(connection.get("/collections/" + collection))));
    }

    /** Asks for the neighbours of a row; {@code body} comes from {@link Rows#query}. */
    List<Long> search(String body) throws IOException {
        Matcher id = ID.matcher(expect(connection.post("/vectors/query", body)));
        List<Long> ids = new ArrayList<>();
        while (id.find()) {
            ids.add(Long.valueOf(id.group(1)));
        }
        return ids;
    }

    /** Sends a search whose answer only has to be one. */
    void send(String body) throws IOException {
        expect(connection.post("/vectors/query", body));
    }

    /** As {@link #send}; false if the server has too much to do. */
    boolean trySend(String body) throws IOException {
        Connection.Reply reply = connection.post("/vectors/query", body);
        return reply.status() != 429 && !expect(reply).isEmpty();
    }

    float[] vector(long row) throws IOException {
        return vectorOf(Long.toString(row));
    }

    float[] vectorOf(String id) throws IOException {
        String[] numbers = only(VECTOR, expect(connection.get("/vectors/" + id + "?collection=" + collection)))
                .split(",", -1);
        float[] vector = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            vector[i] = Float.parseFloat(numbers[i]);
        }
        return vector;
    }

    Metrics metrics() throws IOException {
        return Metrics.parse(expect(connection.get("/q/metrics")));
    }

    private static String only(Pattern pattern, String answer) throws IOException {
        Matcher found = pattern.matcher(answer);
        if (!found.find()) {
            throw new IOException("expected " + pattern + " in " + answer);
        }
        return found.group(1);
    }

    private static String expect(Connection.Reply reply) throws IOException {
        if (reply.status() >= 300) {
            throw new IOException("HTTP " + reply.status() + " " + reply.body());
        }
        return reply.body();
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
