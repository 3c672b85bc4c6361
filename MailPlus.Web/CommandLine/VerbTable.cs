namespace MailPlus.Web.CommandLine;

/// <summary>All verbs that work on an engine (design 7). serve and restore stand beside them: they have none yet.</summary>
internal static class VerbTable
{
    internal static IReadOnlyList<Verb> All { get; } = [.. SetupVerbs.All, .. AccountVerbs.All, .. GroupVerbs.All, .. LicenceVerbs.All, .. PolicyVerbs.All, .. AppPasswordVerbs.All, .. DomainVerbs.All, .. AliasVerbs.All, .. DkimVerbs.All, .. DnsVerbs.All, .. BccVerbs.All, .. DisclaimerVerbs.All, .. QueueVerbs.All, .. SignInVerbs.All, .. TlsVerbs.All, .. SettingVerbs.All, .. RuleVerbs.All, .. CareVerbs.All];
}
