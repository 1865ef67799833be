package io.finback.cli.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What answers of the cluster mean. Pure. */
final class ClusterRules {
    /** HTTP dates have seconds, and the answer took a while. */
    private static final long CERTIFICATE_DAYS = 14;

    static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(3);

    static final Duration DEPLOYMENT_TAKES = Duration.ofMinutes(10);

    private ClusterRules() {}

    /** {@code members}: Akka Management's {@code /cluster/members}. */
    static List<Finding> membership(JsonNode members) {
        List<Finding> findings = new ArrayList<>();
        int masters = 0;
        Set<String> notUp = new TreeSet<>();
        for (JsonNode member : members.path("members")) {
            boolean up = member.path("status").asText().equals("Up");
            if (isMaster(member)) {
                masters++;
            }
            if (!up) {
                notUp.add(member.path("node").asText() + " is "
                        + member.path("status").asText());
            }
        }
        if (masters == 0) {
            findings.add(Finding.fail(
                    "membership",
                    "no master among " + members.path("members").size() + " members",
                    "start a master, or look whether finback.cluster.seeds leads to one"));
        } else if (masters % 2 == 0) {
            findings.add(Finding.warn(
                    "membership",
                    masters + " masters (expected: 1, 3 or 5)",
                    "with an even number a cut through the middle leaves nobody the majority: start one more, or find the"
                            + " one that is missing"));
        } else {
            findings.add(Finding.ok(
                    "membership",
                    masters + " masters, " + members.path("members").size() + " members"));
        }
        for (JsonNode unreachable : members.path("unreachable")) {
            findings.add(Finding.fail(
                    "membership",
                    unreachable.path("node").asText() + " is unreachable",
                    "look at that machine and at the network to its Artery port; if it is gone for good, nothing has to be"
                            + " done: it is removed"));
        }
        notUp.forEach(text -> findings.add(Finding.warn(
                "membership",
                text + " (expected: Up)",
                "wait a few seconds; if it stays so, look at that node's log")));
        return findings;
    }

    /** {@code link}: {@code /cluster/link} of a node that is no master. Empty: there is nothing to say. */
    static List<Finding> link(JsonNode link) {
        int removals = link.path("removals").asInt();
        List<String> silent = new ArrayList<>();
        link.path("silent").forEach(master -> silent.add(master.asText()));
        List<Finding> findings = new ArrayList<>();
        if (removals > 1) {
            findings.add(Finding.warn(
                    "link",
                    "the cluster has removed this node " + removals
                            + " times in a row, although masters answer it; it waits "
                            + link.path("waitMillis").asLong() + " ms before it joins again",
                    "look at the network between this node and "
                            + (silent.isEmpty() ? "each master" : String.join(", ", silent))
                            + ": both must reach the other's Artery port"));
        } else if (!silent.isEmpty()) {
            findings.add(
                    Finding.warn(
                            "link",
                            "no answer from " + String.join(", ", silent),
                            "if that master runs, look at the network between the two: both must reach the other's Artery port"));
        }
        return findings;
    }

    static boolean isMaster(JsonNode member) {
        for (JsonNode role : member.path("roles")) {
            if (role.asText().equals("master")) {
                return true;
            }
        }
        return false;
    }

    /** Host to version of every master that answered. */
    static Finding versions(Map<String, String> versions) {
        Set<String> distinct = new HashSet<>(versions.values());
        if (distinct.size() > 1) {
            return Finding.warn(
                    "versions",
                    "masters differ: " + new TreeMap<>(versions),
                    "end the rolling upgrade: restart the older ones with the newer program");
        }
        return Finding.ok("versions", versions.size() + " masters have " + String.join(", ", distinct));
    }

    static Finding clock(String who, Instant theirs, Instant ours) {
        Duration apart = Duration.between(theirs, ours).abs();
        if (apart.compareTo(CLOCK_TOLERANCE) > 0) {
            return Finding.warn(
                    "clock",
                    "this machine and " + who + " are " + apart.toSeconds() + " s apart (expected: at most "
                            + CLOCK_TOLERANCE.toSeconds() + " s)",
                    "have both follow a time server (timedatectl set-ntp true); jobs start by the masters' clocks");
        }
        return Finding.ok("clock", "as that of " + who);
    }

    /** Of this node; whoever has it replaced needs time for it. */
    static Finding certificate(Instant expires, Instant now) {
        String remedy = "replace finback.tls.certificate and key (finback certificates); no restart is needed";
        if (expires.isBefore(now)) {
            return Finding.fail("certificate", "it was valid until " + expires + "; others refuse this node", remedy);
        }
        long days = Duration.between(now, expires).toDays();
        return days < CERTIFICATE_DAYS
                ? Finding.warn("certificate", "it is valid until " + expires + ", " + days + " days", remedy)
                : Finding.ok("certificate", "valid until " + expires);
    }

    /** {@code metrics}: a master's {@code /metrics}. */
    static List<Finding> agents(String metrics) {
        Map<String, Integer> states = new TreeMap<>();
        metrics.lines()
                .filter(line -> line.startsWith("finback_master_agents{state=\""))
                .forEach(line -> states.put(line.substring(line.indexOf('"') + 1, line.lastIndexOf('"')), (int)
                        Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))));
        List<Finding> findings = new ArrayList<>();
        int active = states.getOrDefault("active", 0);
        if (active == 0) {
            findings.add(Finding.fail(
                    "agents", "none is active", "start agents, or look in their logs why none is admitted"));
        } else {
            findings.add(Finding.ok("agents", active + " active"));
        }
        if (states.getOrDefault("unreachable", 0) > 0) {
            findings.add(Finding.fail(
                    "agents",
                    states.get("unreachable") + " unreachable (GET /slaves names them)",
                    "run finback check on their machines; mark gone (MARK_AGENT_GONE) what will not come back"));
        }
        if (states.getOrDefault("silent", 0) > 0) {
            findings.add(Finding.warn(
                    "agents",
                    states.get("silent") + " silent",
                    "they are given up after a while; look at load and network of their machines"));
        }
        return findings;
    }

    /** {@code deployments}: {@code /v2/deployments}. Their version is when they began. */
    static List<Finding> deployments(JsonNode deployments, Instant now) {
        List<Finding> findings = new ArrayList<>();
        for (JsonNode deployment : deployments) {
            Duration age;
            try {
                age = Duration.between(Instant.parse(deployment.path("version").asText()), now);
            } catch (DateTimeParseException e) {
                continue;
            }
            if (age.compareTo(DEPLOYMENT_TAKES) > 0) {
                findings.add(Finding.warn(
                        "deployments",
                        deployment.path("id").asText() + " of " + deployment.path("affectedApps") + " is under way for "
                                + age.toMinutes() + " min, step "
                                + deployment.path("currentStep").asText() + " of "
                                + deployment.path("totalSteps").asText(),
                        "GET /v2/queue says what its instances wait for; DELETE /v2/deployments/"
                                + deployment.path("id").asText() + " undoes it"));
            }
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok("deployments", deployments.size() + " under way, none for long"));
        }
        return findings;
    }

    /** {@code queue}: {@code /v2/queue}. */
    static List<Finding> queue(JsonNode queue) {
        List<Finding> findings = new ArrayList<>();
        for (JsonNode entry : queue.path("queue")) {
            boolean delayed = !entry.path("delay").path("overdue").asBoolean(true);
            findings.add(Finding.warn(
                    "queue",
                    entry.path("app").path("id").asText() + ": "
                            + entry.path("count").asInt() + " instances wait"
                            + (delayed ? ", it backs off after failures" : ""),
                    delayed
                            ? "GET /v2/apps/<id>?embed=lastTaskFailure says why they failed"
                            : "GET /v2/queue?embed=lastUnusedOffers says what was lacking: free resources, add agents, or ask"
                                    + " for less"));
        }
        return findings;
    }

    /** {@code state}: an agent's {@code /state}. */
    static List<Finding> isolation(JsonNode state) {
        List<Finding> findings = new ArrayList<>();
        List<String> off = new ArrayList<>();
        for (JsonNode isolator : state.path("isolators")) {
            if (!isolator.path("on").asBoolean(true)) {
                off.add(isolator.path("name").asText() + " ("
                        + isolator.path("detail").asText() + ")");
            }
        }
        if (off.isEmpty()) {
            findings.add(Finding.ok("isolation", state.path("isolators").size() + " isolators are on"));
        } else {
            findings.add(Finding.warn(
                    "isolation",
                    "off: " + String.join(", ", off),
                    "docs/agent.md says what each needs; what must not be off belongs into finback.agent.isolation"));
        }
        return findings;
    }
}
