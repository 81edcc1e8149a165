package dev.shaula.load;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As NDJSON in one request with a chunked body. */
final class GreedyNdjson extends Greedy {
    private static final Pattern ACKNOWLEDGED = Pattern.compile("\"(?:acknowledged|upserted_count)\":(\\d+)");

    private final Connection connection;
    private final byte[] template;
    private final int[] versions;

    GreedyNdjson(URI url, String collection, Batch batch, Percentiles times) throws IOException {
        super(batch, times);
        connection = new Connection(url);
        connection.startChunks("/vectors/upsert?collection=" + collection);
        template = batch.ndjson(0);
        versions = new int[batch.rows()];
        String text = new String(template, StandardCharsets.UTF_8);
        int at = -1;
        for (int i = 0; i < versions.length; i++) {
            at = text.indexOf("[", at + 1);
            versions[i] = at + 1;
        }
        listen();
    }

    @Override
    byte[] encoded(long number) {
        byte[] version = Long.toString(Batch.version(number)).getBytes(StandardCharsets.US_ASCII);
        for (int at : versions) {
            System.arraycopy(version, 0, template, at, version.length);
        }
        return template;
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
