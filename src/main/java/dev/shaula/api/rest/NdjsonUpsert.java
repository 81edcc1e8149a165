package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.Connections;
import dev.shaula.api.wire.Failure;
import dev.shaula.api.wire.JsonWriter;
import dev.shaula.api.wire.RecordStream.Row;
import dev.shaula.api.wire.Targets;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An upsert of records without end, answered line by line while it runs. The socket is read only as fast as the
 * collection asks. A client that does not read its acknowledgements delays them, but never the stream: lines that do not
 * fit the socket are added up into one. While rows wait for a slow shard and there is nothing to tell, a line with a count
 * of 0 goes out now and then: an idle limit, ours or a proxy's, would cut the connection in the middle otherwise.
 */
final class NdjsonUpsert {
    private final Exchange exchange;
    private final HttpServerResponse response;
    private final Targets targets;
    private final Ack ack;
    private final RecordSource source;
    private final @Nullable String named;
    private long acknowledged;
    private long untold;
    private List<Long> sequences = List.of();
    private boolean told;
    private boolean toldSincePulse;

    NdjsonUpsert(Exchange exchange, Targets targets, Ack ack) {
        this.exchange = exchange;
        this.targets = targets;
        this.ack = ack;
        response = exchange.response();
        source = new RecordSource(exchange.request(), exchange.context());
        named = exchange.request().getParam("collection");
    }

    void start() {
        if (named != null) {
            targets.dimensions(named); // refuses an impossible name before anything is read
        }
        boundSender();
        exchange.invite();
        source.first().chain(this::target).subscribe().with(this::store, this::failed);
    }

    /**
     * Linux lets the receive buffer of a connection grow by what was read of it, within a second to megabytes: minutes of
     * rows that their sender takes for sent and that are not admitted, in memory that no budget counts. A stream of
     * HTTP/2 is paced by its window.
     */
    private void boundSender() {
        if (exchange.request().version() != HttpVersion.HTTP_2) {
            Connections.of(exchange.request()).receiveAtMost(exchange.receiveBuffer());
        }
    }

    private Uni<VectorCollection> target(Row first) {
        String inRecord = first.collection();
        String name = named != null ? named : inRecord != null ? inRecord : CollectionConfig.DEFAULT_NAME;
        targets.dimensions(name);
        return targets.findOrCreate(name, first.point().vector().length);
    }

    private void store(VectorCollection collection) {
        CollectionConfig config = collection.config();
        exchange.context().runOnContext(now -> {
            source.expect(config.name(), config.dimensions());
            exchange.context().owner().setPeriodic(exchange.pulse().toMillis(), this::pulse);
            collection
                    .sentBy(exchange.sender())
                    .upsert(Multi.createFrom().publisher(source), ack)
                    .subscribe()
                    .with(slice -> onLoop(() -> stored(slice)), this::failed, () -> onLoop(this::completed));
        });
    }

    private void onLoop(Runnable work) {
        exchange.context().runOnContext(now -> work.run());
    }

    private void stored(WriteResult slice) {
        long count = slice.count();
        sequences = WriteResult.latest(sequences, slice.sequences());
        exchange.metrics().upserted(count);
        acknowledged += count;
        untold += count;
        if (gone()) {
            return;
        }
        if (response.writeQueueFull()) {
            response.drainHandler(drained -> tell());
        } else {
            tell();
        }
    }

    private void pulse(long timer) {
        if (gone()) {
            exchange.context().owner().cancelTimer(timer);
        } else if (!toldSincePulse && source.taken() > acknowledged && !response.writeQueueFull()) {
            begin();
            response.write(slice());
        }
        toldSincePulse = false;
    }

    private boolean gone() {
        return response.ended() || response.closed();
    }

    private void tell() {
        if (untold > 0 && !gone()) {
            begin();
            response.write(slice());
            toldSincePulse = true;
        }
    }

    private void begin() {
        if (!told) {
            told = true;
            response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, "application/x-ndjson");
        }
    }

    private Buffer slice() {
        JsonWriter line = new JsonWriter(64).openObject();
        line.field("count", untold).field("acknowledged", acknowledged);
        Answers.sequences(line, sequences);
        untold = 0;
        return Buffer.buffer(line.closeObject().newLine().toBytes());
    }

    private void completed() {
        if (gone()) {
            return;
        }
        begin();
        JsonWriter line = new JsonWriter(96).openObject().field("success", true);
        line.field("count", acknowledged).field("upserted_count", acknowledged);
        Answers.sequences(line, sequences);
        end(line, 200);
    }

    private void failed(Throwable why) {
        Failure failure = Failure.of(why);
        onLoop(() -> failedHere(failure));
    }

    private void failedHere(Failure failure) {
        if (gone()) {
            return;
        }
        if (!told && acknowledged == 0) {
            exchange.send(Answer.of(failure));
            return;
        }
        JsonWriter line = new JsonWriter(256).openObject().field("success", false);
        line.field("error", failure.text()).field("status", failure.status()).field("acknowledged", acknowledged);
        Answers.sequences(line, sequences);
        if (source.failedLine() > 0) {
            line.field("line", source.failedLine());
        }
        begin();
        end(line, failure.status());
    }

    private void end(JsonWriter last, int status) {
        Buffer lines = untold > 0 ? slice() : Buffer.buffer();
        exchange.endStream(lines.appendBytes(last.closeObject().newLine().toBytes()), status);
    }
}
