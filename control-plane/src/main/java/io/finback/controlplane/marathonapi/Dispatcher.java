package io.finback.controlplane.marathonapi;

import io.finback.controlplane.scheduler.DeploymentConduct;
import io.finback.controlplane.service.Services;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Finds the handler of a request. By hand and not by path matchers: an app id is the rest of the path at any depth, and suffix words
 * ({@code restart}, {@code tasks}, {@code versions}) come before it.
 */
final class Dispatcher {
    private final AppsHandler apps;
    private final TasksHandler tasks;
    private final DeploymentsHandler deployments;
    private final QueueHandler queue;
    private final DrainHandler drains;
    private final SlaHandler sla;
    private final SystemHandler system;
    private final GroupsHandler groups;
    private final PodsHandler pods;
    private final ConductHandler conduct;
    private final PlanHandler plans;
    private final LoggingHandler logging;
    private final SubscriptionsHandler subscriptions;
    private final Services services;

    /**
     * @param services what a request changes, and is compared with
     * @param seen what lists of what was not asked for by name are made of
     */
    Dispatcher(
            Services services,
            Services seen,
            Function<String, Map<String, String>> runs,
            LoggingHandler logging,
            SystemHandler system) {
        this.logging = logging;
        this.services = services;
        this.system = system;
        this.subscriptions = new SubscriptionsHandler(services);
        Rollout rollout = new Rollout(services);
        apps = new AppsHandler(services, rollout);
        tasks = new TasksHandler(services, rollout);
        deployments = new DeploymentsHandler(services, rollout);
        groups = new GroupsHandler(services, rollout);
        pods = new PodsHandler(services, rollout.roles());
        conduct = new ConductHandler(services);
        plans = new PlanHandler(services, rollout);
        queue = new QueueHandler(services);
        drains = new DrainHandler(seen, runs);
        sla = new SlaHandler(services);
    }

    /** Throws {@link ApiFailure}, or completes with one. */
    CompletionStage<Answer> answer(Request request) {
        List<String> path = request.path();
        if (path.isEmpty()) {
            return get(request, () -> system.help());
        }
        if (path.get(0).equals("v2") && path.size() > 1) {
            return v2(request, path.get(1));
        }
        return switch (path.get(0)) {
            case "ping" -> get(request, () -> system.ping(request));
            case "metrics" -> get(request, () -> system.metrics(request));
            case "logging" ->
                request.method().equals("POST") ? logging.change(request).now() : get(request, logging::list);
            case "help" -> get(request, () -> system.help());
            case "finback" -> own(request);
            default -> throw notFound();
        };
    }

    /** What Marathon has nothing like. */
    private CompletionStage<Answer> own(Request request) {
        List<String> path = request.path();
        if (path.size() > 1 && path.get(1).equals("queue")) {
            return get(
                    request,
                    () -> path.size() == 2 ? queue.explainAll() : queue.explain(request.appId(2, path.size())));
        }
        if (path.size() > 1 && path.get(1).equals("drain")) {
            return drain(request);
        }
        if (path.size() > 1 && path.get(1).equals("sla")) {
            return get(request, () -> path.size() == 2 ? sla.all() : sla.one(request.appId(2, path.size())));
        }
        throw notFound();
    }

    private CompletionStage<Answer> drain(Request request) {
        List<String> path = request.path();
        if (path.size() == 3) {
            return only(request, "DELETE", () -> drains.end(path.get(2)));
        }
        if (path.size() > 3) {
            throw notFound();
        }
        return switch (request.method()) {
            case "GET" -> drains.list().now();
            case "POST" -> drains.begin(request);
            default -> throw notAllowed("GET, HEAD, POST");
        };
    }

    private CompletionStage<Answer> v2(Request request, String resource) {
        List<String> path = request.path();
        boolean alone = path.size() == 2;
        if (deploys(request, resource)
                && services.view().running() >= services.settings().maxDeployments()) {
            throw ApiFailure.of(
                    403,
                    "Max number (" + services.settings().maxDeployments() + ") of running deployments is achieved."
                            + " Wait for existing deployments to complete or cancel one.");
        }
        return switch (resource) {
            case "apps" -> alone ? allApps(request) : oneApp(request);
            case "tasks" -> tasks(request);
            case "deployments" -> alone ? get(request, () -> deployments.list()) : oneDeployment(request);
            case "queue" -> alone ? get(request, () -> queue.list(request)) : delay(request);
            case "groups" -> groups(request);
            case "info" -> get(request, () -> system.info());
            case "leader" ->
                request.method().equals("DELETE")
                        ? system.abdicate(request).now()
                        : get(request, () -> system.leader());
            case "eventSubscriptions" -> subscriptions(request);
            case "schemas" -> schema(request);
            case "pods" -> pods.answer(request);
            case "plugins" -> get(request, () -> system.plugins());
            default -> throw notFound();
        };
    }

    /** What may begin a deployment; kills that scale nothing do not. */
    private static boolean deploys(Request request, String resource) {
        boolean changes = !request.method().equals("GET");
        return switch (resource) {
            case "apps" -> changes && (!request.path().contains("tasks") || request.flag("scale", false));
            case "tasks" -> changes && request.flag("scale", false);
            case "pods" -> changes && !String.join("/", request.path()).contains("::instances");
            case "groups" -> changes && !request.flag("dryRun", false);
            default -> false;
        };
    }

    private CompletionStage<Answer> subscriptions(Request request) {
        if (request.path().size() != 2) {
            throw notFound();
        }
        return switch (request.method()) {
            case "GET" -> subscriptions.list();
            case "POST" -> subscriptions.subscribe(request);
            case "DELETE" -> subscriptions.unsubscribe(request);
            default -> throw notAllowed("GET, HEAD, POST, DELETE");
        };
    }

    private CompletionStage<Answer> schema(Request request) {
        if (!request.path().equals(List.of("v2", "schemas", "app"))) {
            throw notFound();
        }
        return get(request, system::appSchema);
    }

    private CompletionStage<Answer> allApps(Request request) {
        return switch (request.method()) {
            case "GET" -> apps.list(request).now();
            case "POST" -> apps.create(request);
            case "PUT" -> apps.putMany(request, true);
            case "PATCH" -> apps.putMany(request, false);
            default -> throw notAllowed("GET, HEAD, POST, PUT, PATCH");
        };
    }

    private CompletionStage<Answer> oneApp(Request request) {
        List<String> path = request.path();
        int size = path.size();
        String last = path.get(size - 1);
        String before = size > 3 ? path.get(size - 2) : "";
        String parent = request.appId(2, size - 1);
        String grandparent = size > 3 ? request.appId(2, size - 2) : "";
        if (last.equals("*")) {
            return get(request, () -> apps.inGroup(request, parent));
        }
        if (size > 3 && last.equals("restart")) {
            return only(request, "POST", () -> apps.restart(request, parent));
        }
        if (size > 3 && last.equals("tasks")) {
            return switch (request.method()) {
                case "GET" ->
                    (path.get(size - 2).equals("*")
                                    ? tasks.ofGroup(request, grandparent)
                                    : tasks.ofApp(request, parent))
                            .now();
                case "DELETE" -> tasks.killOfApp(request, parent);
                default -> throw notAllowed("GET, HEAD, DELETE");
            };
        }
        if (size > 3 && last.equals("versions")) {
            return get(request, () -> apps.versions(parent));
        }
        if (size > 4 && before.equals("tasks")) {
            return only(request, "DELETE", () -> tasks.killOne(request, grandparent, last));
        }
        if (size > 4 && before.equals("versions")) {
            return only(request, "GET", () -> apps.version(grandparent, last));
        }
        String id = request.appId(2, size);
        return switch (request.method()) {
            case "GET" -> apps.find(request, id).now();
            case "PUT" -> apps.put(request, id, true);
            case "PATCH" -> apps.put(request, id, false);
            case "DELETE" -> apps.delete(request, id);
            default -> throw notAllowed("GET, HEAD, PUT, PATCH, DELETE");
        };
    }

    private CompletionStage<Answer> groups(Request request) {
        List<String> path = request.path();
        int size = path.size();
        String last = path.get(size - 1);
        if (size > 2 && last.equals("versions")) {
            return get(request, () -> groups.versions(request.appId(2, size - 1)));
        }
        if (size > 3 && path.get(size - 2).equals("versions")) {
            return only(request, "GET", () -> groups.version(request.appId(2, size - 2), last));
        }
        if (size > 2 && last.equals("apps") && request.method().equals("GET")) {
            return groups.apps(request, request.appId(2, size - 1)).now();
        }
        String id = request.appId(2, size);
        return switch (request.method()) {
            case "GET" -> groups.find(request, id).now();
            case "POST" -> groups.create(request, id);
            case "PUT" -> groups.put(request, id);
            case "PATCH" -> groups.patch(request, id);
            case "DELETE" -> groups.delete(request, id);
            default -> throw notAllowed("GET, HEAD, POST, PUT, PATCH, DELETE");
        };
    }

    private CompletionStage<Answer> tasks(Request request) {
        List<String> path = request.path();
        if (path.size() == 2) {
            return get(request, () -> tasks.all(request));
        }
        if (path.size() == 3 && path.get(2).equals("delete")) {
            return only(request, "POST", () -> tasks.killMany(request));
        }
        throw notFound();
    }

    /** {@code /v2/deployments/<id>}, and what Marathon has not: {@code plan}, {@code <id>/pause}, {@code resume} and {@code pulse}. */
    private CompletionStage<Answer> oneDeployment(Request request) {
        List<String> path = request.path();
        String id = path.get(2);
        if (path.size() == 3 && id.equals("plan")) {
            return only(request, "POST", () -> plans.plan(request).now());
        }
        if (path.size() == 3) {
            return request.method().equals("GET")
                    ? conduct.find(id).now()
                    : only(request, "DELETE", () -> deployments.delete(request, id));
        }
        if (path.size() != 4) {
            throw notFound();
        }
        DeploymentConduct.Order order = ConductHandler.order(path.get(3)).orElseThrow(Dispatcher::notFound);
        return only(request, "POST", () -> conduct.tell(id, order));
    }

    private CompletionStage<Answer> delay(Request request) {
        int size = request.path().size();
        if (!request.path().get(size - 1).equals("delay")) {
            throw notFound();
        }
        return only(request, "DELETE", () -> queue.resetDelay(request.appId(2, size - 1)));
    }

    private static CompletionStage<Answer> get(Request request, Supplier<Answer> answer) {
        return only(request, "GET", () -> answer.get().now());
    }

    private static CompletionStage<Answer> only(
            Request request, String method, Supplier<CompletionStage<Answer>> handler) {
        if (!request.method().equals(method)) {
            throw notAllowed(method.equals("GET") ? "GET, HEAD" : method);
        }
        return handler.get();
    }

    private static ApiFailure notFound() {
        return ApiFailure.of(404, "URI not found");
    }

    private static ApiFailure notAllowed(String allow) {
        return ApiFailure.of(405, "Method not allowed").allowing(allow);
    }
}
