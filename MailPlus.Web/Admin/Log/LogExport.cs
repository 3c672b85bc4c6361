using System.Globalization;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Audit;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Localization;

namespace MailPlus.Web.Admin.Log;

/// <summary>Downloads all rows of a mail log search, streamed (MON-115 to MON-117).</summary>
internal static class LogExport
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/admin/log/mail.csv", WriteAsync).RequireAuthorization();

    private static async Task WriteAsync(
        HttpContext context,
        WebSessions sessions,
        MailLog log,
        IStringLocalizer<MailLogList> words,
        [AsParameters] Conditions conditions)
    {
        var actor = await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted);
        if (actor is null || !actor.Has(Permission.ViewLogs))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = "attachment; filename=\"mail-log.csv\"";

        // Spreadsheets take a file for UTF-8 only when it begins with the mark.
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        string[] heads = ["Time", "Status", "Sender", "Recipient", "Subject", "Size", "Client", "Reply", "QueueId"];
        await writer.WriteAsync(Line([.. heads.Select(head => words[head].Value), "Message-ID"]));
        var viewer = new Viewer(conditions.Zone);
        await foreach (var row in log.ExportAsync(actor, conditions.ToQuery(), context.RequestAborted))
        {
            await writer.WriteAsync(Line(
            [
                Shown.Exact(viewer, row.Time), words[row.Kind.ToString()], row.Sender, row.Recipient, row.Subject,
                row.Size.ToString(CultureInfo.InvariantCulture), row.Client, row.Reply, row.Entry?.ToString() ?? "", row.MessageId,
            ]));
        }
    }

    /// <summary>One row of RFC 4180.</summary>
    internal static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(Cell)) + "\r\n";

    private static string Cell(string text)
    {
        // Subjects come from strangers: a cell that begins like a formula would be run by a spreadsheet.
        // East Asian editions read the full-width signs as the plain ones, and leading white space is skipped by some.
        var safe = text.AsSpan().TrimStart() is ['=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..] || text is ['\t' or '\r' or '\n', ..] ? "'" + text : text;
        return safe.AsSpan().ContainsAny("\",\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private sealed record Conditions(
        [FromQuery] string? Search, [FromQuery] string? Kind, [FromQuery] long? From, [FromQuery] long? Until, [FromQuery] string? Zone)
    {
        public MailLogQuery ToQuery() => new()
        {
            Search = Search ?? "",
            Kinds = Enum.TryParse<MailLogKind>(Kind, out var kind) ? [kind] : [],
            From = From is { } from ? new Instant(from) : null,
            Until = Until is { } until ? new Instant(until) : null,
        };
    }
}
