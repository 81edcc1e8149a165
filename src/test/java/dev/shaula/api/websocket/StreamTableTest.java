package dev.shaula.api.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.api.wire.SocketMessage;
import dev.shaula.collection.Sender;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.VectorDbException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamTableTest {
    private static final Duration MEMORY = Duration.ofMinutes(10);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @SuppressWarnings("NullAway.Init") // set before each test
    private EmbeddedNode node;

    @SuppressWarnings("NullAway.Init") // set before each test
    private EmbeddedDoor served;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    private final StreamTable table = new StreamTable(3, MEMORY, now::get);

    @BeforeEach
    void open() {
        node = new EmbeddedNode(data);
        node.create(new CollectionConfig("c", 1, Metric.DOT, 1, 8, 40, true));
        served = new EmbeddedDoor(node, 1 << 20, 1 << 10);
    }

    @AfterEach
    void close() {
        served.close();
        node.close();
    }

    private Upload upload(String name) {
        SocketMessage.Open wish = new SocketMessage.Open(name, "c", Ack.INDEXED);
        return new Upload(
                wish, node.collections().require("c"), new Sender(Runnable::run), served.door(), message -> {});
    }

    private Upload entered(String name) {
        Upload upload = upload(name);
        assertThat(table.enter(upload)).isNull();
        return upload;
    }

    private void lose(String name, long acknowledged) {
        Upload upload = entered(name);
        upload.goOnAfter(acknowledged);
        table.leave(upload, true);
    }

    @Test
    void shouldRememberWhatWasAcknowledgedForAWhile() {
        lose("a", 7);
        now.set(now.get().plus(MEMORY));
        Upload again = entered("a");
        assertThat(again.acknowledged()).isEqualTo(7);
        table.leave(again, true);
        now.set(now.get().plus(MEMORY).plusMillis(1));
        assertThat(entered("a").acknowledged()).isZero();
    }

    @Test
    void shouldForgetAStreamThatItsClientClosed() {
        Upload upload = entered("a");
        upload.goOnAfter(7);
        table.leave(upload, false);
        assertThat(table.size()).isZero();
        assertThat(entered("a").acknowledged()).isZero();
    }

    @Test
    void shouldForgetTheOneLostFirstWhenItIsFull() {
        lose("a", 1);
        lose("b", 2);
        lose("c", 3);
        assertThat(entered("a").acknowledged()).as("makes room for itself").isEqualTo(1);
        entered("d");
        assertThat(table.size()).isEqualTo(3);
        assertThat(entered("c").acknowledged()).isEqualTo(3);
        assertThatThrownBy(() -> table.enter(upload("b")))
                .isInstanceOf(VectorDbException.class)
                .hasMessageContaining("3 streams open already");
    }

    @Test
    void shouldNameTheHolderOfAStreamThatIsOpen() {
        Upload holder = entered("a");
        Upload other = upload("a");
        assertThat(table.enter(other)).isSameAs(holder);
        table.leave(other, true);
        assertThat(table.enter(other)).as("only the holder can leave").isSameAs(holder);
    }
}
