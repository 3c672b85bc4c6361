using System.Text.Json;
using MailPlus.Engine.Settings;
using MailPlus.Web.Shared;

namespace MailPlus.Web.Api;

/// <summary>/rules/{list}: the rules of black-list, white-list, trusted-list, relay-domains or relay-hosts; add, replace by name, remove by name. Passwords are masked.</summary>
internal static class RuleResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/rules/{list}", (HttpContext context, RuleOperations rules, string list) =>
            Results.Text(rules.ListJson(ApiDoor.ActorOf(context), RuleOperations.Find(list)), "application/json"));
        api.MapPost("/rules/{list}", async (HttpContext context, RuleOperations rules, RefusalTexts texts, string list, JsonElement body) =>
        {
            var book = RuleOperations.Find(list);
            return Answer(await rules.AddAsync(ApiDoor.ActorOf(context), book, RuleOperations.Parse(book, body.GetRawText()), context.RequestAborted), texts);
        });
        api.MapPut("/rules/{list}/{name}", async (HttpContext context, RuleOperations rules, RefusalTexts texts, string list, string name, JsonElement body) =>
        {
            var book = RuleOperations.Find(list);
            return Answer(await rules.ReplaceAsync(ApiDoor.ActorOf(context), book, name, RuleOperations.Parse(book, body.GetRawText()), context.RequestAborted), texts);
        });
        api.MapDelete("/rules/{list}/{name}", async (HttpContext context, RuleOperations rules, RefusalTexts texts, string list, string name) =>
            Answer(await rules.RemoveAsync(ApiDoor.ActorOf(context), RuleOperations.Find(list), [name], context.RequestAborted), texts));
    }

    private static IResult Answer(SettingsOutcome outcome, RefusalTexts texts) => outcome.Refusals is [var first, ..] ? ApiDoor.Problem(first, texts) : Results.NoContent();
}
