package io.finback.cli.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.ClusterSettings;
import io.finback.settings.HttpListen;
import io.finback.settings.NodeConfig;
import io.finback.tls.NodeTls;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Looks at one node with the settings it is started with, and through it at its cluster. Changes nothing; each look takes at most a few
 * seconds. The APIs of other masters are expected at the ports this node's settings name.
 */
public final class NodeCheck {
    private static final String NAME_YOURSELF =
            "set finback.security.asking to somebody who may read there (it has credentials that do not do, or none)";
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private final Role role;
    private final Function<Config, Map<String, HttpListen>> listeners;
    private final Clock clock;
    private final List<Finding> findings = new ArrayList<>();

    /** @param listeners what the node listens at, by key, from its settings */
    public NodeCheck(Role role, Function<Config, Map<String, HttpListen>> listeners, Clock clock) {
        this.role = role;
        this.listeners = listeners;
        this.clock = clock;
    }

    /** Every finding, in the order of the looks; settings that stop a start are the only finding. */
    public List<Finding> run(NodeConfig wishes) {
        Config config;
        ClusterSettings cluster;
        Web web;
        try {
            config = wishes.load();
            cluster = ClusterSettings.from(config);
            web = Web.of(config);
        } catch (StartFailure e) {
            return List.of(Finding.fail("settings", String.valueOf(e.getMessage()), "correct the setting"));
        }
        findings.add(Finding.ok("settings", "every key is known and has its type"));
        NodeTls.from(config).ifPresent(tls -> findings.add(ClusterRules.certificate(tls.expires(), clock.instant())));
        if (role == Role.AGENT && !cluster.knowsMasters()) {
            findings.add(Finding.fail(
                    "settings",
                    "finback.cluster.seeds: []",
                    "name the masters, or set finback.cluster.discovery.method"));
        }
        Path dataDir = Path.of(config.getString("finback.data-dir"));
        findings.addAll(LocalChecks.dataDir(dataDir));
        HttpListen management = HttpListen.from(config, "finback.management");
        Optional<Web.Answer> alive = web.get("finback.management", management, "/alive");
        findings.addAll(LocalChecks.ports(listeners.apply(config), alive.isPresent()));
        findings.addAll(LocalChecks.seeds(cluster.seeds(), role));
        if (role == Role.MASTER) {
            cluster.evenMasters()
                    .ifPresent(why -> findings.add(Finding.warn("masters", why, "start one more, or one less")));
            findings.addAll(LocalChecks.journal(config, dataDir));
        }
        if (role == Role.AGENT) {
            findings.add(LocalChecks.programs());
        }
        if (alive.isEmpty()) {
            findings.add(Finding.warn(
                    "node",
                    "nobody answers at " + management + "/alive",
                    "start it (finback " + role.id() + "), or give this check the settings it was started with"));
            return findings;
        }
        running(config, web, management);
        return findings;
    }

    private void running(Config config, Web web, HttpListen management) {
        Optional<Web.Answer> ready = web.get("finback.management", management, "/ready");
        if (ready.map(Web.Answer::ok).orElse(false)) {
            findings.add(Finding.ok("node", "it runs and is ready"));
        } else {
            findings.add(Finding.fail(
                    "node",
                    "it runs and is not ready: " + ready.map(Web.Answer::body).orElse("no answer"),
                    "what is named there says what it waits for; its log says more"));
        }
        if (role == Role.AGENT) {
            web.get("finback.agent.http", HttpListen.from(config, "finback.agent.http"), "/state")
                    .ifPresent(state -> findings.addAll(ClusterRules.isolation(state.json())));
        }
        web.get("finback.management", management, "/cluster/link")
                .filter(Web.Answer::ok)
                .ifPresent(link -> findings.addAll(ClusterRules.link(link.json())));
        Optional<Web.Answer> asked = web.get("finback.management", management, "/cluster/members");
        if (asked.filter(NodeCheck::isRefused).isPresent()) {
            findings.add(Finding.warn("membership", management + " asks who this is", NAME_YOURSELF));
            return;
        }
        Optional<Web.Answer> members = asked.filter(Web.Answer::ok);
        if (members.isEmpty()) {
            findings.add(Finding.warn(
                    "membership",
                    "this node is in no cluster",
                    "a router may run alone; others join once a seed answers (see seeds above)"));
            return;
        }
        findings.addAll(ClusterRules.membership(members.get().json()));
        masters(config, web, members.get().json());
    }

    private void masters(Config config, Web web, JsonNode members) {
        int cluster = HttpListen.from(config, "finback.master.http").port();
        int services = HttpListen.from(config, "finback.services.http").port();
        Map<String, String> versions = new TreeMap<>();
        Optional<String> serving = Optional.empty();
        for (JsonNode member : members.path("members")) {
            if (!ClusterRules.isMaster(member)) {
                continue;
            }
            String node = member.path("node").asText();
            String host = node.substring(node.indexOf('@') + 1, node.lastIndexOf(':'));
            Optional<Web.Answer> version = web.get("finback.master.http", new HttpListen(host, cluster), "/version");
            if (version.isEmpty()) {
                findings.add(Finding.warn(
                        "masters",
                        "no answer from " + host + ":" + cluster,
                        "it may have other ports than this node's settings say, or listen on its own loopback only"
                                + " (finback.master.http.host)"));
                continue;
            }
            serving = Optional.of(host);
            versions.put(host, version.get().json().path("version").asText("unknown"));
            version.get().date().ifPresent(date -> findings.add(ClusterRules.clock(host, date, clock.instant())));
        }
        if (serving.isEmpty()) {
            return;
        }
        findings.add(ClusterRules.versions(versions));
        web.get("finback.master.http", new HttpListen(serving.get(), cluster), "/metrics")
                .filter(Web.Answer::ok)
                .ifPresent(metrics -> findings.addAll(ClusterRules.agents(metrics.body())));
        HttpListen api = new HttpListen(serving.get(), services);
        Optional<Web.Answer> deployments = web.get("finback.services.http", api, "/v2/deployments");
        if (deployments.filter(NodeCheck::isRefused).isPresent()) {
            findings.add(Finding.warn("services", api + " asks who this is", NAME_YOURSELF));
            return;
        }
        if (!deployments.map(Web.Answer::ok).orElse(false)) {
            findings.add(Finding.fail(
                    "services", "no answer from " + api + "/v2/deployments", "see the log of that master"));
            return;
        }
        findings.addAll(ClusterRules.deployments(deployments.orElseThrow().json(), clock.instant()));
        web.get("finback.services.http", api, "/v2/queue")
                .filter(Web.Answer::ok)
                .ifPresent(queue -> findings.addAll(ClusterRules.queue(queue.json())));
    }

    private static boolean isRefused(Web.Answer answer) {
        return answer.status() == UNAUTHORIZED || answer.status() == FORBIDDEN;
    }
}
