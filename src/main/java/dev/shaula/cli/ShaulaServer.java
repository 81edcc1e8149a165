package dev.shaula.cli;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import java.nio.file.Path;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;

/** The service as a program: says where it is once it listens, and stays until it is told to stop. */
public final class ShaulaServer implements QuarkusApplication {

    /** For Quarkus, which makes it when the service is up. */
    public ShaulaServer() {}

    @Override
    public int run(String... args) {
        Config config = ConfigProvider.getConfig();
        String host = config.getValue("quarkus.http.host", String.class);
        int port = config.getValue("quarkus.http.port", Integer.class);
        Path dataDir = Path.of(config.getValue("shaula.data-dir", String.class));
        System.out.println("Shaula listens on http://" + host + ":" + port);
        System.out.println("Data directory: " + dataDir.toAbsolutePath().normalize());
        System.out.println(
                "Stop with Ctrl+C, or kill " + ProcessHandle.current().pid());
        Quarkus.waitForExit();
        return 0;
    }
}
