package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppSnapshot;
import java.util.Collection;
import java.util.List;

/** How an app's answer is told: the one place where refusals become Marathon's statuses and bodies. */
final class Refusals {
    private Refusals() {}

    static Answer deployment(AppAnswer answer) {
        return deployment(200, answer);
    }

    static Answer deployment(int status, AppAnswer answer) {
        AppAnswer.Changed changed = expect(AppAnswer.Changed.class, answer);
        return Answer.deployment(status, changed.deploymentId(), changed.version());
    }

    /** The answer a success has; throws {@link ApiFailure} for a refusal. */
    static <T extends AppAnswer> T expect(Class<T> success, AppAnswer answer) {
        if (answer instanceof AppAnswer.Refused refused) {
            throw of(refused);
        }
        return success.cast(answer);
    }

    static ApiFailure of(AppAnswer.Refused refused) {
        AppSnapshot app = refused.snapshot();
        return switch (refused.why()) {
            case EXISTS -> ApiFailure.of(409, "An app with id [" + app.appId() + "] already exists.");
            case MISSING -> ApiFailure.noApp(app.appId());
            case LOCKED -> locked(app);
            case STALE -> ApiFailure.of(503, "App '" + app.appId() + "' keeps changing; try again.");
            case NO_SUCH_DEPLOYMENT -> ApiFailure.of(404, "The deployment does not exist");
        };
    }

    private static ApiFailure locked(AppSnapshot app) {
        return locked(app.lock().map(lock -> List.of(lock.plan().id())).orElse(List.of()));
    }

    static ApiFailure locked(Collection<String> deploymentIds) {
        ObjectNode body = Json.object()
                .put(
                        "message",
                        "App is locked by one or more deployments. Override with the option '?force=true'."
                                + " View details at '/v2/deployments/<DEPLOYMENT_ID>'.");
        ArrayNode deployments = body.putArray("deployments");
        deploymentIds.forEach(id -> deployments.addObject().put("id", id));
        return new ApiFailure(409, body);
    }
}
