package io.finback.controlplane.namerdapi;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Query;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.controlplane.dtabs.DtabState;
import io.finback.controlplane.naming.DtabMessage;
import io.finback.controlplane.naming.NamesView;
import io.finback.controlplane.naming.Naming;
import io.finback.controlplane.naming.SeenNames;
import io.finback.names.Address;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.NamesJson;
import io.finback.names.NamingException;
import io.finback.names.Path;
import io.finback.security.Guard;
import io.finback.security.Rules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers namerd's HTTP API below {@code /api/1}: tables are read from and written to their entities, everything else comes from the
 * master's own view. {@code watch=true} gives a stream of lines, one for every change of what is asked. Limits: table size (413), namespaces
 * and streams (503), time for an entity's answer (503). Thread-safe.
 */
public final class NamerdApi {
    private static final Logger log = LoggerFactory.getLogger(NamerdApi.class);
    private static final Pattern NAMESPACE = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

    private final ActorSystem<?> system;
    private final NamerdSettings settings;
    private final Naming naming;
    private final NamesView view;
    private final Watching watching;
    private final Rules rules;

    private NamerdApi(ActorSystem<?> system, NamerdSettings settings, Naming naming, Rules rules) {
        this.rules = rules;
        this.system = system;
        this.settings = settings;
        this.naming = naming;
        this.view = naming.view();
        this.watching = new Watching(view, settings.maxWatches());
    }

    /**
     * Starts namespaces and the view on a master that is (about to be) a cluster member.
     *
     * @param journal lists all namespaces there ever were
     * @param rules who may see and change which
     */
    public static NamerdApi start(
            ActorSystem<?> system, NamerdSettings settings, Supplier<Source<String, NotUsed>> journal, Rules rules) {
        return new NamerdApi(system, settings, Naming.start(system, journal, settings.askTimeout()), rules);
    }

    /** Completes when reads show every namespace there was before the start. */
    public CompletionStage<Void> ready() {
        return naming.ready();
    }

    /** To be bound by {@code boot} beside others: takes only what is below {@code /api/1}. */
    public Route route() {
        return Directives.extractRequest(
                request -> segments(request).isEmpty() ? Directives.reject() : Directives.handle(this::handle));
    }

    /** What is below {@code /api/1}; empty: not one of ours. */
    private static List<String> segments(HttpRequest request) {
        List<String> all = new ArrayList<>();
        request.getUri().pathSegments().forEach(all::add);
        boolean ours = all.size() > 2 && all.get(0).equals("api") && all.get(1).equals("1");
        return ours ? all.subList(2, all.size()) : List.of();
    }

    private CompletionStage<HttpResponse> handle(HttpRequest request) {
        return request.entity()
                .withSizeLimit(settings.maxDtabBytes())
                .toStrict(settings.askTimeout().toMillis(), Long.MAX_VALUE, system)
                .handle((body, failure) -> failure == null
                        ? answer(request, body.getData().utf8String())
                        : CompletableFuture.completedFuture(text(
                                413,
                                "body: more than " + settings.maxDtabBytes() + " bytes (finback.namerd.max-dtab)")))
                .thenCompose(answered -> answered)
                .exceptionally(NamerdApi::failed);
    }

    private static HttpResponse failed(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof TimeoutException) {
            return text(503, "The namespace did not answer in time; a write may still take effect")
                    .addHeader(RawHeader.create("Retry-After", "1"));
        }
        log.error("namerd_api.failed", cause);
        return text(500, "Internal error");
    }

    private CompletionStage<HttpResponse> answer(HttpRequest request, String body) {
        List<String> path = segments(request);
        Query query = request.getUri().query();
        NameRights rights = new NameRights(rules, Guard.principal(request));
        SeenNames names = rights.seen(view);
        try {
            String first = path.get(0);
            if (path.size() == 1 || (path.size() == 2 && path.get(1).isEmpty())) {
                return now(
                        switch (first) {
                            case "dtabs" -> list(names, query);
                            case "bound-names" ->
                                json(names.apps().stream().map(Path::show).toList());
                            default -> text(404, "");
                        });
            }
            String namespace = path.get(1);
            if (path.size() > 2 || !NAMESPACE.matcher(namespace).matches()) {
                return now(text(404, "namespace: (expected: letters, digits, '_', '.', '-', at most 128)"));
            }
            if (!(reads(request) ? rights.maySee(namespace) : rights.mayChange(namespace))) {
                return now(text(403, "not allowed: namespace " + namespace));
            }
            return switch (first) {
                case "dtabs" -> dtab(names, request, namespace, query, body);
                case "bind" -> now(read(request, () -> bind(names, namespace, query)));
                case "addr" -> now(read(request, () -> addr(names, namespace, query)));
                case "resolve" -> now(read(request, () -> resolve(names, namespace, query)));
                case "delegate" -> now(read(request, () -> delegate(names, namespace, query)));
                default -> now(text(404, ""));
            };
        } catch (IllegalArgumentException e) {
            return now(text(400, String.valueOf(e.getMessage())));
        }
    }

    private static CompletionStage<HttpResponse> now(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }

    private static HttpResponse read(HttpRequest request, Supplier<HttpResponse> answer) {
        return reads(request) ? answer.get() : notAllowed("GET, HEAD");
    }

    private static boolean reads(HttpRequest request) {
        String method = request.method().value();
        return method.equals("GET") || method.equals("HEAD");
    }

    // --- tables ---

    private HttpResponse list(SeenNames names, Query query) {
        return isWatch(query)
                ? watching.stream(() -> Optional.of(DtabText.json(names.namespaces())), "application/json")
                : json(names.namespaces());
    }

    private CompletionStage<HttpResponse> dtab(
            SeenNames names, HttpRequest request, String namespace, Query query, String body) {
        return switch (request.method().value()) {
            case "GET", "HEAD" -> isWatch(query) ? now(watch(names, request, namespace)) : get(request, namespace);
            case "POST" -> write(request, namespace, DtabState.Mode.CREATE, OptionalLong.empty(), body);
            case "PUT" -> {
                Optional<String> match = request.getHeader("If-Match").map(h -> h.value());
                yield match.isPresent()
                        ? write(request, namespace, DtabState.Mode.UPDATE, DtabText.version(match.get()), body)
                        : write(request, namespace, DtabState.Mode.PUT, OptionalLong.empty(), body);
            }
            case "DELETE" ->
                naming.change(namespace, new DtabState.Write(DtabState.Mode.REMOVE, "", OptionalLong.empty()))
                        .thenApply(NamerdApi::written);
            default -> now(notAllowed("GET, HEAD, POST, PUT, DELETE"));
        };
    }

    private CompletionStage<HttpResponse> get(HttpRequest request, String namespace) {
        DtabText.Form form = wanted(request);
        return naming.read(namespace).thenApply(answer -> answer.now()
                .dtab()
                .map(text -> body(form, DtabText.write(form, Dtab.parse(text)) + "\n")
                        .addHeader(RawHeader.create(
                                "ETag", DtabText.etag(answer.now().version()))))
                .orElseGet(() -> text(404, "")));
    }

    private HttpResponse watch(SeenNames names, HttpRequest request, String namespace) {
        DtabText.Form form = wanted(request);
        return watching.stream(() -> names.dtab(namespace).map(dtab -> DtabText.write(form, dtab)), mediaType(form));
    }

    private CompletionStage<HttpResponse> write(
            HttpRequest request, String namespace, DtabState.Mode mode, OptionalLong expected, String body) {
        Optional<DtabText.Form> form =
                DtabText.form(request.entity().getContentType().mediaType().toString());
        if (form.isEmpty()) {
            return now(text(
                    400,
                    "Content-Type: " + request.entity().getContentType()
                            + " (expected: application/dtab, text/plain or application/json)"));
        }
        Dtab dtab = DtabText.read(form.get(), body);
        boolean isNew = mode != DtabState.Mode.UPDATE && view.dtab(namespace).isEmpty();
        if (isNew && view.namespaces().size() >= settings.maxNamespaces()) {
            return now(text(
                    503,
                    "there are " + settings.maxNamespaces()
                            + " namespaces already (finback.namerd.max-namespaces); remove one first"));
        }
        return naming.change(namespace, new DtabState.Write(mode, dtab.show(), expected))
                .thenApply(NamerdApi::written);
    }

    private static HttpResponse written(DtabMessage.Answer answer) {
        if (answer.refusal().isEmpty()) {
            return HttpResponse.create().withStatus(StatusCodes.NO_CONTENT);
        }
        return switch (answer.refusal().get()) {
            case EXISTS -> text(409, "");
            case MISSING -> text(404, "");
            case OTHER_VERSION -> text(412, "");
        };
    }

    /** What the client prefers of what there is; JSON when it says nothing. */
    private static DtabText.Form wanted(HttpRequest request) {
        return request.getHeader("Accept").map(h -> h.value()).stream()
                .flatMap(value -> List.of(value.split(",", -1)).stream())
                .flatMap(type -> DtabText.form(type).stream())
                .findFirst()
                .orElse(DtabText.Form.JSON);
    }

    // --- names ---

    private HttpResponse bind(SeenNames names, String namespace, Query query) {
        Path path = path(query);
        Dtab more = more(query);
        return shown(query, () -> DtabText.json(shapes(names).tree(names.bind(namespace, more, path))));
    }

    private HttpResponse addr(SeenNames names, String namespace, Query query) {
        Path path = withoutTransformers(path(query));
        return shown(query, () -> DtabText.json(addresses(names, namespace, path)));
    }

    private HttpResponse resolve(SeenNames names, String namespace, Query query) {
        Path path = path(query);
        Dtab more = more(query);
        return shown(
                query,
                () -> DtabText.json(one(names.bind(namespace, more, path))
                        .map(id -> addresses(names, namespace, id))
                        .orElseGet(() -> Map.of("type", "neg"))));
    }

    private HttpResponse delegate(SeenNames names, String namespace, Query query) {
        return json(shapes(names).delegation(names.delegate(namespace, more(query), path(query))));
    }

    private static NamesJson shapes(SeenNames names) {
        return new NamesJson(id -> names.addresses(withoutTransformers(id)).orElseGet(List::of));
    }

    /** The addresses of an id, or of the one that it is bound to. */
    private static Map<String, Object> addresses(SeenNames names, String namespace, Path id) {
        Optional<List<Address>> known = names.addresses(id);
        if (known.isPresent()) {
            return NamesJson.address(known.get());
        }
        NameTree<Name.Bound> tree = names.bind(namespace, Dtab.EMPTY, id);
        if (tree instanceof NameTree.Leaf<Name.Bound> leaf) {
            return NamesJson.address(names.addresses(leaf.value().id()).orElseGet(List::of));
        }
        return tree.isNeg()
                ? Map.of("type", "neg")
                : tree instanceof NameTree.Empty
                        ? NamesJson.address(List.of())
                        : Map.of("type", "failed", "cause", id.show() + " is not a concrete bound id");
    }

    private static Path withoutTransformers(Path id) {
        if (!id.startsWith(Path.of("%"))) {
            return id;
        }
        for (int i = 1; i < id.size(); i++) {
            String element = id.elements().get(i);
            if (element.equals("#") || element.equals("$")) {
                return id.drop(i);
            }
        }
        return id;
    }

    /** One leaf, by weight. */
    private static Optional<Path> one(NameTree<Name.Bound> tree) {
        if (tree instanceof NameTree.Leaf<Name.Bound> leaf) {
            return Optional.of(leaf.value().id());
        }
        if (tree instanceof NameTree.Union<Name.Bound> union) {
            double total = union.trees().stream()
                    .mapToDouble(NameTree.Weighted::weight)
                    .sum();
            double at = ThreadLocalRandom.current().nextDouble() * total;
            for (NameTree.Weighted<Name.Bound> branch : union.trees()) {
                at -= branch.weight();
                if (at < 0) {
                    return one(branch.tree());
                }
            }
        }
        return Optional.empty();
    }

    /** Once, or as a stream; a name that does not end is an error, or the end of its stream. */
    private HttpResponse shown(Query query, Supplier<String> value) {
        if (isWatch(query)) {
            return watching.stream(() -> Optional.of(value.get()), "application/json");
        }
        try {
            return body(DtabText.Form.JSON, value.get() + "\n");
        } catch (NamingException e) {
            return text(500, String.valueOf(e.getMessage()));
        }
    }

    private static boolean isWatch(Query query) {
        return query.get("watch")
                .filter(value -> value.equals("true") || value.equals("1"))
                .isPresent();
    }

    private static Path path(Query query) {
        String text = query.get("path")
                .orElseThrow(() -> new IllegalArgumentException("path: missing (expected: a path such as /svc/web)"));
        try {
            return Path.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("Invalid path: " + text + "\n" + e.getMessage(), e);
        }
    }

    private static Dtab more(Query query) {
        return query.get("dtab").map(Dtab::parse).orElse(Dtab.EMPTY);
    }

    // --- answers ---

    private static HttpResponse json(Object value) {
        return body(DtabText.Form.JSON, DtabText.json(value) + "\n");
    }

    private static String mediaType(DtabText.Form form) {
        return form == DtabText.Form.JSON ? "application/json" : "application/dtab";
    }

    private static HttpResponse body(DtabText.Form form, String text) {
        return HttpResponse.create()
                .withEntity(HttpEntities.create(
                        form == DtabText.Form.JSON
                                ? ContentTypes.APPLICATION_JSON
                                : ContentTypes.parse("application/dtab; charset=UTF-8"),
                        ByteString.fromString(text)));
    }

    private static HttpResponse notAllowed(String allowed) {
        return text(405, "expected: " + allowed).addHeader(RawHeader.create("Allow", allowed));
    }

    private static HttpResponse text(int status, String text) {
        return HttpResponse.create()
                .withStatus(StatusCodes.get(status))
                .withEntity(ContentTypes.TEXT_PLAIN_UTF8, text.isEmpty() ? "" : text + "\n");
    }
}
