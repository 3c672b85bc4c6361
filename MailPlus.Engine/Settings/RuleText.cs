using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>Lists of rules as JSON, for the command line, REST and diffs; passwords are masked on the way out and taken back by the rule's name on the way in.</summary>
internal static class RuleText
{
    private const int LongestText = 4 * 1024 * 1024;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        IgnoreReadOnlyProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static bool IsList(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && type.GetGenericArguments()[0].IsAssignableTo(typeof(INamedRule));

    internal static string Format(IEnumerable<INamedRule> rules) => $"[{string.Join(",", rules.Select(rule => JsonSerializer.Serialize(rule, rule.GetType(), Options)))}]";

    /// <summary>A list; null when it is none. A masked password is that of the rule of the same name now.</summary>
    internal static object? Parse(Type type, string text, object? present)
    {
        if (text.Length is 0 or > LongestText)
        {
            return text.Length == 0 ? Array.CreateInstance(type.GetGenericArguments()[0], 0) : null;
        }

        try
        {
            var list = (IEnumerable<INamedRule?>?)JsonSerializer.Deserialize(text, type.GetGenericArguments()[0].MakeArrayType(), Options);
            return list is null || list.Any(IsIncomplete) ? null
                : list is IEnumerable<ISecretRule> rules && present is IEnumerable<ISecretRule> before ? UnmaskSecrets(rules, before)
                : list;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal static object MaskSecrets(IEnumerable<ISecretRule> rules) => Change(rules, rule => rule.Secret.Length > 0 ? rule.WithSecret(SettingsCatalog.SecretMask) : rule);

    internal static object UnmaskSecrets(IEnumerable<ISecretRule> rules, IEnumerable<ISecretRule> inForce)
    {
        var known = inForce.GroupBy(rule => rule.Name).ToDictionary(same => same.Key, same => same.First().Secret);
        return Change(rules, rule => rule.Secret == SettingsCatalog.SecretMask ? rule.WithSecret(known.GetValueOrDefault(rule.Name, "")) : rule);
    }

    // JSON can say null where the records say there is a value.
    private static bool IsIncomplete(INamedRule? rule) =>
        rule is null || rule.GetType().GetProperties().Any(property => property.GetValue(rule) is null or IReadOnlyList<string> { Count: > 1000 }
            || property.GetValue(rule) is IReadOnlyList<string> items && items.Any(item => item is null));

    private static object Change(IEnumerable<ISecretRule> rules, Func<ISecretRule, ISecretRule> change)
    {
        var changed = rules.Select(change).ToList();
        var list = Array.CreateInstance(ElementOf(rules), changed.Count);
        for (var i = 0; i < changed.Count; i++)
        {
            list.SetValue(changed[i], i);
        }

        return list;
    }

    private static Type ElementOf(IEnumerable<ISecretRule> rules) =>
        rules.GetType().GetInterfaces().First(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>) && type.GetGenericArguments()[0] != typeof(ISecretRule)).GetGenericArguments()[0];
}
