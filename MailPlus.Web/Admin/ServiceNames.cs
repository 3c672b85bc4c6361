namespace MailPlus.Web.Admin;

/// <summary>Marks the resources with the names of the listeners, by their command line names.</summary>
public sealed class ServiceNames;
