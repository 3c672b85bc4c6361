using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/queue: list, retry (one or all), remove.</summary>
internal static class QueueResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/queue", async (HttpContext context, IQueueOperations queue, string? search, int? offset, int? limit) =>
        {
            var page = await queue.ListAsync(ApiDoor.ActorOf(context), new QueueQuery { Search = search ?? "", Offset = offset ?? 0, Limit = limit ?? 50 }, context.RequestAborted);
            return Results.Ok(new ApiPage<object>(page.Total, [.. page.Rows.Select(Show)]));
        });
        api.MapPost("/queue/retry", async (HttpContext context, IQueueOperations queue) =>
            Results.Ok(new { Retried = await queue.RetryAsync(ApiDoor.ActorOf(context), null, context.RequestAborted) }));
        api.MapPost("/queue/{id}/retry", async (HttpContext context, IQueueOperations queue, string id) =>
            Results.Ok(new { Retried = await queue.RetryAsync(ApiDoor.ActorOf(context), [Entry(id)], context.RequestAborted) }));
        api.MapDelete("/queue/{id}", async (HttpContext context, IQueueOperations queue, string id) =>
            await queue.RemoveAsync(ApiDoor.ActorOf(context), [Entry(id)], context.RequestAborted) > 0
                ? Results.NoContent()
                : throw new RefusedException(new Refusal(RefusalKind.NotFound, "EntryUnknown")));
    }

    private static EntryId Entry(string text) => EntryId.TryParse(text, out var entry) ? entry : throw new RefusedException(new Refusal(RefusalKind.NotFound, "EntryUnknown"));

    private static object Show(QueuedMessage message) => new
    {
        Id = message.Entry.ToString(),
        message.Sender,
        message.Subject,
        message.MessageId,
        message.Size,
        Accepted = message.Accepted.ToDateTimeOffset(),
        HeldUntil = message.HeldUntil?.ToDateTimeOffset(),
        DeliverBy = message.DeliverBy?.ToDateTimeOffset(),
        message.Priority,
        Recipients = message.Recipients.Select(recipient => new
        {
            recipient.Address,
            State = recipient.State.ToString(),
            recipient.Attempts,
            NextAttempt = recipient.NextAttempt?.ToDateTimeOffset(),
            recipient.LastReply,
        }),
    };
}
