package io.finback.controlplane.marathonapi;

import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import io.finback.security.Principal;
import io.finback.security.Rules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Answers each by what they may see and do: who may do everything from what is shared by all, everybody else from a view made for the one request.
 * Reads show less; changes are compared with all there is, so that none passes by what its author cannot see, and are refused.
 */
final class Desk {
    private static final Set<String> BY_PATH = Set.of("apps", "groups", "pods");

    private final Services services;
    private final Function<String, Map<String, String>> runs;
    private final LoggingHandler logging;
    private final SystemHandler system;
    private final Rules rules;
    private final Dispatcher whole;

    Desk(
            Services services,
            Function<String, Map<String, String>> runs,
            LoggingHandler logging,
            SystemHandler system,
            Rules rules) {
        this.services = services;
        this.runs = runs;
        this.logging = logging;
        this.system = system;
        this.rules = rules;
        this.whole = new Dispatcher(services, services, runs, logging, system);
    }

    /** Throws {@link ApiFailure}, or completes with one. */
    CompletionStage<Answer> answer(Request request, Optional<Principal> who) {
        Rights rights = new Rights(rules, who);
        if (rights.isWhole() && rights.seesAllRoles()) {
            return whole.answer(request);
        }
        boolean reads = request.method().equals("GET");
        Services seen = services.seenBy(rights);
        check(request, reads, rights, seen.view());
        return new Dispatcher(
                        reads ? seen : services.changedBy(rights), seen, host -> ofJobs(host, rights), logging, system)
                .answer(request);
    }

    /** What is shown of an event to who listens, by the rules as they are when it is shown. */
    Function<ServiceEvent, Optional<ServiceEvent>> events(Optional<Principal> who) {
        return event -> {
            Rights rights = new Rights(rules, who);
            return rights.isWhole() ? Optional.of(event) : rights.shown(event);
        };
    }

    private Map<String, String> ofJobs(String host, Rights rights) {
        Map<String, String> some = new TreeMap<>(runs.apply(host));
        some.values().removeIf(job -> !rights.seesJob(job));
        return some;
    }

    private void check(Request request, boolean reads, Rights rights, ServicesView seen) {
        List<String> path = request.path();
        if (path.size() < 2) {
            return;
        }
        String first = path.get(0);
        String what = path.get(1);
        if (first.equals("v2") && what.equals("eventSubscriptions") && !rights.isWhole()) {
            // Whoever is posted to is posted everything, and the list says who is.
            throw Rights.forbidden();
        }
        boolean ofOne = first.equals("v2") && BY_PATH.contains(what);
        boolean ofOurs = first.equals("finback") && (what.equals("queue") || what.equals("sla"));
        boolean delay = first.equals("v2") && what.equals("queue");
        if (ofOne || ofOurs || delay) {
            List<String> rest = named(what.equals("groups") ? group(path) : path.subList(2, path.size()));
            rights.checkPath(rest, reads, () -> new GroupTree(seen).exists("/" + String.join("/", rest)));
        }
    }

    /** Up to the words that follow a pod, or stand for all in a group. */
    private static List<String> named(List<String> path) {
        List<String> named = new ArrayList<>();
        for (String segment : path) {
            int words = segment.indexOf("::");
            if (segment.equals("*") || words == 0) {
                return named;
            }
            if (words > 0) {
                named.add(segment.substring(0, words));
                return named;
            }
            named.add(segment);
        }
        return named;
    }

    /** Without the words that may follow a group, which the group of all has alone. */
    private static List<String> group(List<String> path) {
        int size = path.size();
        if (size > 3 && path.get(size - 2).equals("versions")) {
            return path.subList(2, size - 2);
        }
        boolean word = size > 2 && Set.of("versions", "apps").contains(path.get(size - 1));
        return path.subList(2, word ? size - 1 : size);
    }
}
