package io.finback.controlplane.mesosapi;

import akka.actor.typed.ActorSystem;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.security.Guard;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;

/**
 * {@code /finback/cluster}: this master, the members of the cluster as it sees them, until when its certificate holds, and who asks. From memory.
 * Ours.
 */
public final class ClusterDocument implements ClusterApi.Handler {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final ActorSystem<?> system;
    private final Supplier<MasterIdentity> self;
    private final Supplier<Optional<Instant>> certificateEnds;
    private final String name;

    /**
     * @param certificateEnds empty: no TLS
     * @param name of the cluster
     */
    public ClusterDocument(
            ActorSystem<?> system,
            Supplier<MasterIdentity> self,
            Supplier<Optional<Instant>> certificateEnds,
            String name) {
        this.system = system;
        this.self = self;
        this.certificateEnds = certificateEnds;
        this.name = name;
    }

    @Override
    public CompletionStage<HttpResponse> answer(HttpRequest request) {
        ObjectNode document = MAPPER.createObjectNode().put("name", name);
        MasterIdentity me = self.get();
        document.putObject("self")
                .put("id", me.id())
                .put("address", me.address())
                .put("node", Cluster.get(system).selfMember().address().hostPort())
                .put("version", me.version())
                .put("started", me.startedAt().toString());
        certificateEnds.get().ifPresent(ends -> document.put("certificate_ends", ends.toString()));
        Guard.principal(request).ifPresent(who -> document.put("principal", who.name()));
        members(document.putArray("members"));
        Rope rope = Rope.of(document.toString().getBytes(StandardCharsets.UTF_8));
        return ClusterApi.now(Answers.json(rope, request, Query.of(request.getUri())));
    }

    private void members(ArrayNode list) {
        CurrentClusterState state = Cluster.get(system).state();
        Optional<Member> oldest = StreamSupport.stream(state.getMembers().spliterator(), false)
                .filter(member -> member.hasRole("master"))
                .min(Comparator.comparing(Member::upNumber));
        for (Member member : state.getMembers()) {
            ObjectNode node = list.addObject()
                    .put("node", member.address().hostPort())
                    .put("status", member.status().toString())
                    .put("reachable", !state.getUnreachable().contains(member))
                    .put("oldest", oldest.filter(member::equals).isPresent());
            ArrayNode roles = node.putArray("roles");
            new TreeSet<>(member.getRoles())
                    .stream().filter(role -> !role.startsWith("dc-")).forEach(roles::add);
        }
    }
}
