package io.finback.meshrouter.admin;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.router.LiveDestination;
import io.finback.meshrouter.router.MeshRouter;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.meshrouter.traffic.Endpoint;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What looks wrong in a running router, in the form of TwitterServer's {@code /admin/lint.json}. Reads only. */
final class Lint {
    private static final int SHOWN = 20;

    private record Rule(String category, String id, String description, Consumer<Consumer<String>> check) {}

    private final AdminParts parts;

    Lint(AdminParts parts) {
        this.parts = parts;
    }

    private List<Rule> rules() {
        return List.of(
                new Rule(
                        "Configuration",
                        "binding-cache-too-small",
                        "Names are forgotten and bound again when more are in use than bindingCache (limits.max-names) keeps",
                        this::evictions),
                new Rule(
                        "Runtime",
                        "bound-name-without-instances",
                        "Requests to such a name are answered 502, or 503 when no instance may be called",
                        this::nobody),
                new Rule(
                        "Runtime",
                        "instances-left-alone",
                        "Failure accrual or fail fast keep requests from these instances now",
                        this::leftAlone),
                new Rule(
                        "Runtime",
                        "no-budget-left",
                        "Nothing is tried again while a budget of retries is used up",
                        this::budgets),
                new Rule(
                        "Configuration",
                        "connections-refused",
                        "Clients were turned away at limits.max-connections",
                        this::refused),
                new Rule(
                        "Security",
                        "admin-is-public",
                        "This server is reachable from other machines: finback.security should stand before it",
                        this::open),
                new Rule("Runtime", "deadlock", "Threads that wait for each other never go on", Lint::deadlocks));
    }

    /** {@code lint_results} with {@code metadata}, {@code failed_rules} and {@code ok_rules}. */
    Map<String, Object> show() {
        List<Map<String, Object>> failed = new ArrayList<>();
        List<Map<String, Object>> ok = new ArrayList<>();
        int found = 0;
        for (Rule rule : rules()) {
            List<String> issues = new ArrayList<>();
            rule.check().accept(issues::add);
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("category", rule.category());
            out.put("id", rule.id());
            out.put("description", rule.description());
            if (issues.isEmpty()) {
                ok.add(out);
            } else {
                out.put("issues", issues.stream().limit(SHOWN).toList());
                failed.add(out);
                found += issues.size();
            }
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("num_rules_run", failed.size() + ok.size());
        metadata.put("num_rules_ok", ok.size());
        metadata.put("num_issues_found", found);
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("metadata", metadata);
        results.put("failed_rules", failed);
        results.put("ok_rules", ok);
        return Map.of("lint_results", results);
    }

    private void evictions(Consumer<String> issue) {
        for (RunningRouter running : parts.routers()) {
            MeshRouter router = running.router();
            long evicted = router.bindingCounts().evictions()
                    + router.destinationCounts().evictions();
            if (evicted > 0) {
                issue.accept("router " + running.label() + ": " + evicted + " names were forgotten");
            }
        }
    }

    private void clients(BiConsumer<String, LiveDestination> each) {
        parts.routers().forEach(running -> running.router()
                .destinations()
                .forEach((id, client) -> each.accept("router " + running.label() + ", " + id, client)));
    }

    private void nobody(Consumer<String> issue) {
        clients((name, client) -> {
            if (client.endpoints().isEmpty()) {
                issue.accept(name + ": no instance is known");
            }
        });
    }

    private void leftAlone(Consumer<String> issue) {
        long now = parts.nanoTime().getAsLong();
        clients((name, client) -> {
            List<Endpoint> all = client.endpoints();
            long closed = all.stream().filter(endpoint -> !endpoint.isOpen(now)).count();
            if (closed > 0) {
                issue.accept(name + ": " + closed + " of " + all.size() + " instances, after "
                        + LinkerdMetrics.sum(all, FailureAccrual::removals) + " removals");
            }
        });
    }

    private void budgets(Consumer<String> issue) {
        long now = parts.nanoTime().getAsLong();
        for (RunningRouter running : parts.routers()) {
            running.router().services().forEach((name, service) -> {
                if (service.stats().retries() > 0 && service.retries().balance(now) <= 0) {
                    issue.accept("router " + running.label() + ", " + name + ": retries");
                }
            });
        }
        clients((name, client) -> {
            if (client.stats().failures() > 0 && client.requeues().balance(now) <= 0) {
                issue.accept(name + ": requeues");
            }
        });
    }

    private void refused(Consumer<String> issue) {
        for (RunningRouter running : parts.routers()) {
            for (RunningRouter.Server server : running.servers()) {
                long refused = server.listener().refusedConnections();
                if (refused > 0) {
                    issue.accept(server.ip() + ":" + server.port() + ": " + refused + " connections");
                }
            }
        }
    }

    private void open(Consumer<String> issue) {
        String ip = parts.plan().admin().ip();
        if (!ip.startsWith("127.") && !ip.equals("localhost") && !ip.equals("::1") && !parts.secured()) {
            issue.accept("admin listens on " + ip + " and finback.security is off");
        }
    }

    private static void deadlocks(Consumer<String> issue) {
        long[] threads = ManagementFactory.getThreadMXBean().findDeadlockedThreads();
        if (threads != null) {
            issue.accept(threads.length + " threads: /admin/threads");
        }
    }
}
