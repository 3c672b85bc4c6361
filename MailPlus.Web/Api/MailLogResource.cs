using MailPlus.Engine.Audit;

namespace MailPlus.Web.Api;

/// <summary>GET /log/mail: a page of the mail log.</summary>
internal static class MailLogResource
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/log/mail", async (HttpContext context, MailLog log, string? search, string? kind, int? offset, int? limit) =>
    {
        var query = new MailLogQuery
        {
            Search = search ?? "",
            Kinds = Enum.TryParse<MailLogKind>(kind, ignoreCase: true, out var only) ? [only] : [],
            Offset = offset ?? 0,
            Limit = limit ?? 50,
        };
        var page = await log.SearchAsync(ApiDoor.ActorOf(context), query, context.RequestAborted);
        return Results.Ok(new ApiPage<object>(page.Total, [.. page.Rows.Select(Show)]));
    });

    private static object Show(MailLogRow row) => new
    {
        row.Id,
        Time = row.Time.ToDateTimeOffset(),
        Kind = row.Kind.ToString(),
        QueueId = row.Entry?.ToString(),
        row.Sender,
        row.Recipient,
        row.Subject,
        row.MessageId,
        row.Size,
        row.Client,
        row.Reply,
        row.NextHop,
        row.Protection,
    };
}
