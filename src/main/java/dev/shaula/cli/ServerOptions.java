package dev.shaula.cli;

import dev.shaula.model.Metric;
import dev.shaula.model.VectorDbException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which service a client command talks to. */
final class ServerOptions {
    private static final String DEFAULT_URL = "http://127.0.0.1:8080";

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:SHAULA_URL:-" + DEFAULT_URL + "}",
            converter = UrlConverter.class,
            description = "The service, http or https (default: $SHAULA_URL, else " + DEFAULT_URL + ").")
    private URI url = URI.create(DEFAULT_URL);

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "120",
            converter = SecondsConverter.class,
            description = "Longest silence of the service that is waited for (default: ${DEFAULT-VALUE}).")
    private Duration timeout = Duration.ofMinutes(2);

    URI url() {
        return url;
    }

    Duration timeout() {
        return timeout;
    }

    ServiceClient client() {
        return new ServiceClient(url, timeout);
    }

    static final class UrlConverter implements ITypeConverter<URI> {
        @Override
        public URI convert(String value) {
            try {
                URI uri = new URI(value);
                boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
                if (http && uri.getHost() != null && uri.getQuery() == null) {
                    return uri;
                }
            } catch (URISyntaxException e) {
                // said below
            }
            throw new TypeConversionException("expected something like " + DEFAULT_URL + ", got \"" + value + "\"");
        }
    }

    static final class SecondsConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            if (!value.matches("[0-9]{1,6}") || Integer.parseInt(value) == 0) {
                throw new TypeConversionException("expected whole seconds, 1 to 999999, got \"" + value + "\"");
            }
            return Duration.ofSeconds(Integer.parseInt(value));
        }
    }

    static final class MetricConverter implements ITypeConverter<Metric> {
        @Override
        public Metric convert(String value) {
            try {
                return Metric.fromWireName(value);
            } catch (VectorDbException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
