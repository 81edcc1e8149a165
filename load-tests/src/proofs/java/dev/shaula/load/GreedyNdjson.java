package dev.shaula.load;

import java.io.IOException;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As NDJSON in one request with a chunked body. */
final class GreedyNdjson extends Greedy {
    private static final Pattern ACKNOWLEDGED = Pattern.compile("\"(?:acknowledged|upserted_count)\":(\\d+)");

    private final Connection connection;

    GreedyNdjson(URI url, String collection, String name, int[] versions, Percentiles times) throws IOException {
        super(name, versions, times);
        connection = new Connection(url);
        connection.startChunks("/vectors/upsert?collection=" + collection);
        listen();
    }

    @Override
    byte[] encoded(Batch batch, int version, long number) {
        return batch.ndjson(version);
    }

    @Override
    void write(byte[] bytes) throws IOException {
        connection.chunk(bytes);
    }

    @Override
    void end() throws IOException {
        connection.lastChunk();
    }

    @Override
    void hear() throws IOException {
        Connection.Reply head = connection.reply();
        if (head.status() != 200) {
            throw new IOException("HTTP " + head.status() + " " + head.body());
        }
        for (String chunk = connection.replyChunk(); !chunk.isEmpty(); chunk = connection.replyChunk()) {
            if (chunk.contains("\"success\":false")) {
                throw new IOException(chunk);
            }
            Matcher told = ACKNOWLEDGED.matcher(chunk);
            while (told.find()) {
                acknowledged(Long.parseLong(told.group(1)));
            }
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
        super.close();
    }
}
