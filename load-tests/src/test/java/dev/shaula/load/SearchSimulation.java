package dev.shaula.load;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.atOnceUsers;
import static io.gatling.javaapi.core.CoreDsl.bodyString;
import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.feed;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.jsonPath;
import static io.gatling.javaapi.core.CoreDsl.listFeeder;
import static io.gatling.javaapi.core.CoreDsl.rampUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import dev.shaula.fixtures.VectorSet;
import io.gatling.javaapi.core.FeederBuilder;
import io.gatling.javaapi.core.PopulationBuilder;
import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import io.gatling.javaapi.http.HttpRequestActionBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Searches that arrive at a constant rate, however slow the answers are: a server that falls behind sees its queue grow,
 * as in the open. (A fixed number of users that wait for their answers would slow down with the server and hide that.)
 *
 * <p>The run fails when a request fails or gives other than ten rows, when the 99th percentile of the answering times is
 * above its bound, or when the mean recall@10 of all measured answers is below its floor.
 */
public final class SearchSimulation extends Simulation {
    private static final String SEARCH = "search";
    private static final String VERDICT = "verdict on recall";
    private static final Duration PATIENCE_WITH_A_RUNNING_SERVER = Duration.ofSeconds(5);

    private final LoadSettings settings = LoadSettings.fromSystemProperties();
    private final VectorSet vectors = settings.vectors();
    private final List<Set<String>> truth =
            Stream.of(vectors.neighbours()).map(RecallMeter::ids).toList();
    private final URI address = settings.url().orElseGet(SearchSimulation::freeAddress);
    private final String collection = "load-" + Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    private final RecallMeter recall = new RecallMeter();
    private @Nullable OwnServer ownServer;

    /** Reads or makes the vectors, so construction takes seconds. */
    public SearchSimulation() {
        setUp(warmUp().andThen(search().andThen(verdict())))
                .protocols(protocol())
                .assertions(
                        global().failedRequests().count().is(0L),
                        details(SEARCH).responseTime().percentile(99).lte(settings.p99Millis()),
                        details(VERDICT).failedRequests().count().is(0L));
    }

    @Override
    public void before() {
        say("%s (%d rows, %s), %s", vectors.name(), vectors.base().length, vectors.closeness(), settings);
        try {
            if (settings.url().isEmpty()) {
                ownServer = OwnServer.start(OwnServer.Launch.plain(settings.launcher()), address);
            }
            load();
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw cleanedUp(new IllegalStateException("cannot prepare the run", e));
        }
    }

    private IllegalStateException cleanedUp(IllegalStateException failure) {
        try {
            after();
        } catch (IllegalStateException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    @Override
    public void after() {
        say("recall@%d %.4f", LoadSettings.K, recall.mean());
        try {
            if (ownServer == null) {
                dropCollection();
            } else {
                ownServer.stop();
                say("server stopped in order");
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("cannot clean up after the run", e);
        }
    }

    /** Brings the compilers of both sides up to speed; its answers count for nothing but must be right in form. */
    private PopulationBuilder warmUp() {
        return scenario("warm-up")
                .exec(feed(queries()), request("warm-up", SearchSimulation::complete))
                .injectOpen(rampUsersPerSec(1).to(settings.rate()).during(settings.warmup()));
    }

    private PopulationBuilder search() {
        return scenario(SEARCH)
                .exec(feed(queries()), request(SEARCH, this::recorded))
                .injectOpen(constantUsersPerSec(settings.rate()).during(settings.duration()));
    }

    /** One request more, whose check is the recall of all before it: so the report and the exit code both tell. */
    private PopulationBuilder verdict() {
        return scenario(VERDICT)
                .exec(http(VERDICT)
                        .get("/health")
                        .check(bodyString()
                                .transform(body -> recall.mean())
                                .gte(settings.recall())
                                .name("mean recall@" + LoadSettings.K)))
                .injectOpen(atOnceUsers(1));
    }

    private HttpRequestActionBuilder request(String name, BiFunction<List<String>, Session, List<String>> judge) {
        return http(name)
                .post("/vectors/query")
                .body(StringBody("#{body}"))
                .check(
                        status().is(200),
                        jsonPath("$.results[*].id").findAll().validate(LoadSettings.K + " ids", judge));
    }

    private static List<String> complete(@Nullable List<String> ids, Session session) {
        if (ids == null || ids.size() != LoadSettings.K) {
            throw new IllegalStateException("expected " + LoadSettings.K + " ids, got " + ids);
        }
        return ids;
    }

    private List<String> recorded(@Nullable List<String> ids, Session session) {
        List<String> answer = complete(ids, session);
        recall.record(answer, truth.get(session.getInt("query")));
        return answer;
    }

    /** Every query with its body, written once; again from the first after the last. */
    private FeederBuilder<Object> queries() {
        return listFeeder(IntStream.range(0, vectors.queries().length)
                        .mapToObj(this::queryRecord)
                        .toList())
                .circular();
    }

    private Map<String, Object> queryRecord(int query) {
        String body = Wire.query(collection, vectors.queries()[query], LoadSettings.K, settings.efSearch());
        return Map.of("query", query, "body", body);
    }

    private HttpProtocolBuilder protocol() {
        return http.baseUrl(address.toString())
                .contentTypeHeader("application/json")
                .acceptHeader("application/json")
                // Clients keep their connections; and the default warm-up of Gatling calls a foreign host.
                .shareConnections()
                .disableWarmUp();
    }

    private void load() throws IOException, InterruptedException {
        try (Service service = new Service(address)) {
            service.awaitHealthy(PATIENCE_WITH_A_RUNNING_SERVER);
            Duration taken = service.load(collection, vectors);
            say("stored %d rows in %.1f s", vectors.base().length, taken.toMillis() / 1e3);
        }
    }

    private void dropCollection() throws IOException, InterruptedException {
        try (Service service = new Service(address)) {
            service.drop(collection);
        }
    }

    private static URI freeAddress() {
        try {
            return OwnServer.freeAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
