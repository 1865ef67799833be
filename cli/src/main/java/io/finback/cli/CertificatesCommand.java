package io.finback.cli;

import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code finback certificates}: an authority of one's own and certificates of nodes, for a start without one. */
@Command(
        name = "certificates",
        mixinStandardHelpOptions = true,
        description = {
            "Makes an authority in DIR (once) and a certificate for a node, signed by it.",
            "Run again it replaces the node's certificate; running nodes take the new one by themselves.",
            "Who can read DIR/authority.p12 can make certificates: keep it off the nodes."
        })
final class CertificatesCommand implements Callable<Integer> {
    private static final int MOST_DAYS = 3650;

    private final Screen screen;

    @Parameters(paramLabel = "DIR", description = "Where the files are kept; made when it is not there.")
    private Path dir = Path.of("");

    @Option(
            names = "--name",
            paramLabel = "NAME",
            defaultValue = "node",
            description = "Of the node's files, NAME.pem and NAME-key.pem (default: ${DEFAULT-VALUE}).")
    private String name = "node";

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "A name or address clients call the node by; more than once for several. This machine's are always in it.")
    private List<String> hosts = new ArrayList<>();

    @Option(
            names = "--days",
            paramLabel = "N",
            defaultValue = "365",
            description = "How long the node's certificate is valid, 1 to 3650 (default: ${DEFAULT-VALUE}).")
    private int days = 365;

    CertificatesCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (days < 1 || days > MOST_DAYS) {
            throw new StartFailure("--days: " + days + " (expected: 1.." + MOST_DAYS + ")");
        }
        if (!name.matches("[a-z0-9][a-z0-9.-]{0,62}")) {
            throw new StartFailure("--name: '" + name + "' (expected: letters, digits, dots and dashes)");
        }
        Set<String> names = new LinkedHashSet<>(List.of("localhost", "127.0.0.1"));
        names.add(InetAddress.getLocalHost().getHostName());
        names.addAll(hosts);
        Authority authority = Authority.in(dir);
        Authority.Issued issued = authority.issue(name, names, days);
        screen.out()
                .println("finback.tls {\n  certificate = \"" + issued.certificate() + "\"\n  key = \"" + issued.key()
                        + "\"\n  authorities = \"" + issued.authorities() + "\"\n  remoting = true\n  http = true\n}");
        return 0;
    }
}
