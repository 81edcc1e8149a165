package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.durability.Ledger.State;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Backups taken of a node that is written to and killed meanwhile. The newest that was answered is restored after the
 * kill: each id must be there in a state between that acknowledged when the backup began and that sent when it ended.
 */
final class CrashBackups {
    private final Ledger ledger;
    private final AtomicInteger taken = new AtomicInteger();
    private int restored;
    private volatile @Nullable Answered newest;

    /** A backup that was answered, with the states that were acknowledged before it and sent before its answer. */
    private record Answered(String name, Map<String, State> before, Map<String, State> latest) {}

    CrashBackups(Ledger ledger) {
        this.ledger = ledger;
    }

    /** Answered so far. */
    int taken() {
        return taken.get();
    }

    /** Of these restored and compared. */
    int restored() {
        return restored;
    }

    /** Returns when one more is answered, or after a while. */
    void awaitOne(int longestMs) {
        int had = taken.get();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(longestMs);
        while (taken.get() == had && System.nanoTime() < end) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** Takes one; a connection that breaks is the caller's to judge. */
    void take(NodeClient client, String collection) {
        String name = "crash-" + taken.get();
        Map<String, State> before = new HashMap<>();
        ledger.ids().forEach(id -> before.put(id, ledger.acknowledged(id)));
        client.backup(collection, name);
        Map<String, State> latest = new HashMap<>();
        for (String id : ledger.ids()) {
            State sent = ledger.doubt(id);
            latest.put(id, sent == null ? ledger.acknowledged(id) : sent);
        }
        newest = new Answered(name, before, latest);
        taken.incrementAndGet();
    }

    /** Restores the newest, if there is one, beside what it was taken of, compares it, and removes it. */
    void verify(NodeClient client, String collection) {
        Answered backup = newest;
        newest = null;
        if (backup == null) {
            return;
        }
        String copy = "restored-" + backup.name();
        client.restore(backup.name(), collection, copy);
        for (String id : backup.latest().keySet()) {
            verify(
                    id,
                    backup.before().getOrDefault(id, State.NEVER),
                    backup.latest().getOrDefault(id, State.NEVER),
                    client.get(copy, id));
        }
        client.drop(copy);
        restored++;
    }

    private void verify(String id, State before, State latest, Optional<Point> found) {
        String what = id + " in a backup: acknowledged " + before + " before it, sent " + latest + " during it";
        if (found.isEmpty()) {
            assertThat(before.live() && before.equals(latest))
                    .as(what + ", found nothing")
                    .isFalse();
            return;
        }
        boolean matches = false;
        for (int version = Math.max(1, before.version()); version <= latest.version(); version++) {
            Point expected = ledger.point(id, version);
            boolean deleted =
                    (version == before.version() && !before.live()) || (version == latest.version() && !latest.live());
            matches |= !deleted
                    && expected.metadata().equals(found.get().metadata())
                    && Arrays.equals(expected.vector(), found.get().vector());
        }
        assertThat(matches).as(what + ", found " + found.get().metadata()).isTrue();
    }

    /** Makes room: a backup in doubt may be there or not. */
    static void removeAll(NodeClient client, int upTo) {
        for (int n = 0; n <= upTo; n++) {
            try {
                client.deleteBackup("crash-" + n);
            } catch (VectorDbException e) {
                assertThat(e.kind()).isEqualTo(VectorDbException.Kind.NOT_FOUND);
            }
        }
    }
}
