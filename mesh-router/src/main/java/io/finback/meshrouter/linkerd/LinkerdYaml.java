package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.AdminPlan;
import io.finback.meshrouter.linkerd.Plan.NamerPlan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.Security;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.linkerd.Plan.Telemetry;
import io.finback.meshrouter.traffic.WireDefaults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** A whole {@code linkerd.yaml}. Source: linkerd/linkerd docs/config.md, Linker.scala. */
public final class LinkerdYaml {
    private LinkerdYaml() {}

    /**
     * Reads one, YAML or JSON. Throws {@link YamlFailure} naming the line and the key: for what Linkerd would refuse, for keys it does not
     * know, and for what this router cannot do.
     *
     * @param usual what holds where it says nothing
     */
    public static Plan read(String text, WireDefaults usual) {
        Block root = Block.parse(text);
        AdminPlan admin = admin(root.block("admin"));
        List<NamerPlan> namers = new ArrayList<>();
        root.blocks("namers").forEach(block -> namers.add(NamerReader.read(block)));
        Telemetry telemetry = TelemetryReader.read(root.blocks("telemetry"));
        root.block("usage").ifPresent(LinkerdYaml::usage);
        List<RouterPlan> routers = new ArrayList<>();
        List<Block> blocks = root.blocks("routers");
        for (int i = 0; i < blocks.size(); i++) {
            routers.add(RouterReader.read(blocks.get(i), "routers[" + i + "]", usual));
        }
        root.end();
        if (routers.isEmpty()) {
            throw root.wrong("routers", "is empty (expected: at least one router)");
        }
        checkLabels(root, routers);
        checkPorts(root, admin, routers);
        return new Plan(admin, namers, routers, telemetry);
    }

    /** The text as JSON values, as {@code /config.json} shows it. */
    public static Object plain(String text) {
        return Block.plain(text);
    }

    private static void checkLabels(Block root, List<RouterPlan> routers) {
        Set<String> labels = new HashSet<>();
        for (RouterPlan router : routers) {
            if (!labels.add(router.label())) {
                throw root.wrong(
                        "routers", "two routers are labelled '" + router.label() + "' (expected: a label for each)");
            }
        }
    }

    private static void checkPorts(Block root, AdminPlan admin, List<RouterPlan> routers) {
        List<String[]> taken = new ArrayList<>();
        taken.add(new String[] {admin.ip(), Integer.toString(admin.port()), "admin"});
        for (RouterPlan router : routers) {
            for (ServerPlan server : router.servers()) {
                for (String[] other : taken) {
                    boolean anywhere =
                            server.ip().equals(other[0]) || server.ip().equals("0.0.0.0") || other[0].equals("0.0.0.0");
                    if (server.port() != 0 && anywhere && other[1].equals(Integer.toString(server.port()))) {
                        throw root.wrong(
                                "routers",
                                "port " + server.port() + " of router '" + router.label() + "' is also that of "
                                        + other[2] + " (expected: a port for each server)");
                    }
                }
                taken.add(
                        new String[] {server.ip(), Integer.toString(server.port()), "router '" + router.label() + "'"});
            }
        }
    }

    private static AdminPlan admin(Optional<Block> found) {
        if (found.isEmpty()) {
            return new AdminPlan("127.0.0.1", 9990, Duration.ofSeconds(10), 2, Security.OPEN);
        }
        Block block = found.get();
        String ip = block.text("ip").orElse("127.0.0.1");
        int port = block.integer("port", 0, 65535).orElse(9990);
        Duration grace = block.millis("shutdownGraceMs", 0).orElse(Duration.ofSeconds(10));
        int threads = block.integer("workerThreads", 1, 1024).orElse(2);
        block.refuse("tls", "the admin server speaks clear text");
        block.refuse("httpIdentifierPort", "");
        Security security = block.block("security").map(LinkerdYaml::security).orElse(Security.OPEN);
        block.block("socketOptions").ifPresent(ServerReader::socketOptions);
        block.end();
        return new AdminPlan(ip, port, grace, threads, security);
    }

    private static Security security(Block block) {
        Security security = new Security(
                block.flag("uiEnabled").orElse(true),
                block.flag("controlEnabled").orElse(true),
                block.flag("diagnosticsEnabled").orElse(true),
                patterns(block, "pathWhitelist"),
                patterns(block, "pathBlacklist"));
        block.end();
        return security;
    }

    private static List<String> patterns(Block block, String key) {
        List<String> patterns = block.texts(key);
        patterns.forEach(pattern -> {
            Pattern compiled = block.checked(key, () -> Pattern.compile(pattern));
            Objects.requireNonNull(compiled);
        });
        return patterns;
    }

    /** Nothing is ever reported to anybody. */
    private static void usage(Block block) {
        block.accepted("orgId", "enabled", "experimental");
        block.end();
    }
}
